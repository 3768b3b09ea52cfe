"""Schemes, vendors, qualifications, waivers and engagements over HTTP."""
