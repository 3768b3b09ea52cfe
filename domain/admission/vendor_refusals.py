"""Why something cannot be done to a vendor's file, or with a vendor whose file is not in order."""

from domain.decider import Refused


class VendorNotRegistered(Refused):
    """This organisation has no vendor's file."""


class VendorAlreadyRegistered(Refused):
    """This vendor is registered already, with other data: correct or declare what has changed."""


class VendorNotVerified(Refused):
    """A second person has not verified yet who this vendor is."""


class VendorFrozen(Refused):
    """A sensitive change of this vendor waits for verification: until then nothing is awarded, done or paid."""


class NotItsName(Refused):
    """The organisation is registered under another name."""


class NotItsCreditCode(Refused):
    """The organisation is registered with another credit code."""


class RegistrationNumberMissing(Refused):
    """A vendor without a credit code needs its number in the register of its own country."""


class AccountNumberInvalid(Refused):
    """The number of a bank account has 8 to 34 letters and digits."""


class FoundedInTheFuture(Refused):
    """A company cannot have been founded later than today."""


class VendorPersonUnknown(Refused):
    """Whoever stands in a vendor's file must be a registered person."""


class NothingDeclared(Refused):
    """Say what has changed: the name, the legal representative or the bank account."""


class NothingToVerify(Refused):
    """Nothing that was declared waits for verification."""


class DeclaredSince(Refused):
    """Something else has been declared since: look at that."""


class RejectionUnexplained(Refused):
    """Say why what was declared is rejected, and give no reason for accepting it."""


class CertificateDatesReversed(Refused):
    """The last day of a certificate comes after its first."""


class CertificateNotYetValid(Refused):
    """A certificate that begins later than tomorrow cannot be entered yet."""


class CertificateTooLong(Refused):
    """No certificate is valid for more than 30 years."""


class CertificateOver(Refused):
    """This certificate has run out already."""


class CertificateKnown(Refused):
    """A certificate of this number and issuer is in the file already: withdraw it, or wait until it has run out."""


class CertificateUnknown(Refused):
    """No such certificate is in the file, or it counts no longer."""


class NotTheNamedPaper(Refused):
    """This is not the file whose SHA-256 the certificate names."""


class TooManyInFile(Refused):
    """A vendor's file holds no more of these."""


class MemberDatesReversed(Refused):
    """The last day of a member comes before the first."""


class MemberUnknown(Refused):
    """Nobody like that is known to work for this vendor."""
