"""As much of curl as the README uses, for machines that have none: -s, -X, -H, -d, -b, -c."""

import argparse
import sys
import urllib.error
import urllib.request
from http.cookiejar import MozillaCookieJar


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("-b", dest="cookies")
    parser.add_argument("-c", dest="keep")
    asked = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in asked.headers)
    body = None if asked.data is None else asked.data.encode()
    method = asked.method or ("GET" if body is None else "POST")
    request = urllib.request.Request(asked.url, data=body, headers=headers, method=method)  # noqa: S310 - loopback
    jar = MozillaCookieJar()
    if asked.cookies:
        jar.load(asked.cookies, ignore_discard=True)
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(request, timeout=30) as answer:
            sys.stdout.write(answer.read().decode())
    except urllib.error.HTTPError as no:
        sys.stdout.write(no.read().decode())
    if asked.keep:
        jar.save(asked.keep, ignore_discard=True)


if __name__ == "__main__":
    main()
