"""Mail goes to its server encrypted, as whoever may hand it in there, and is not sent in vain twice."""

import smtplib
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from application.ports import Mail, MailRefused
from domain.personal import Personal
from infrastructure.mail.smtp import Server, SmtpMailer
from tests.mail_house import SECRET, SENDER, USER, MailHouse, serving_mail

ANN = "ann@example.com"
SIGNED_IN = f"{USER}:{quote(SECRET, safe='')}@"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of localhost, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "localhost.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@pytest.fixture(scope="session")
def served(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="session")
def trusted(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def mail(to: str = ANN) -> Mail:
    return Mail(UUID(int=7), Personal(to), "Confirm your address", "Grüße\n.\n")


def mailer(house: MailHouse, trusted: ssl.SSLContext | None = None, *, signed_in: bool = True) -> SmtpMailer:
    url = house.url.replace("://", f"://{SIGNED_IN}") if signed_in else house.url
    return SmtpMailer(Server.at(url), SENDER, always_encrypted=trusted is not None, trusted=trusted)


@pytest.mark.parametrize("from_the_first_byte", [False, True])
def test_it_is_handed_in_encrypted_and_signed_in(
    served: ssl.SSLContext, trusted: ssl.SSLContext, *, from_the_first_byte: bool
) -> None:
    with serving_mail(tls=served, from_the_first_byte=from_the_first_byte) as house:
        mailer(house, trusted).send(mail())
    assert house.signed_in == [(USER, SECRET)]
    assert house.encrypted == [True]
    ((to, letter),) = house.letters.values()
    assert (to, letter["From"], letter["To"]) == (ANN, SENDER, ANN)
    assert letter["Message-ID"] == f"<{UUID(int=7)}@stage.test>"


def test_neither_password_nor_mail_goes_to_a_server_that_does_not_encrypt(trusted: ssl.SSLContext) -> None:
    with serving_mail() as house, pytest.raises(smtplib.SMTPNotSupportedError):
        mailer(house, trusted).send(mail())
    assert (house.signed_in, house.letters) == ([], {})


def test_neither_goes_to_a_server_that_shows_somebody_else_s_certificate(served: ssl.SSLContext) -> None:
    with serving_mail(tls=served) as house, pytest.raises(ssl.SSLCertVerificationError):
        mailer(house, ssl.create_default_context()).send(mail())
    assert (house.signed_in, house.letters) == ([], {})


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        ("550 no such user here", MailRefused),
        ("553 mailbox name not allowed", MailRefused),
        ("450 mailbox busy", smtplib.SMTPRecipientsRefused),
        ("452 too much at once", smtplib.SMTPRecipientsRefused),
    ],
)
def test_a_refusal_for_good_is_told_from_one_for_now(reply: str, raised: type[Exception]) -> None:
    with serving_mail() as house:
        house.replies[ANN] = reply
        with pytest.raises(raised) as refused:
            mailer(house, signed_in=False).send(mail())
    if isinstance(refused.value, MailRefused):
        assert refused.value.code == int(reply[:3])
    assert house.letters == {}


def test_an_address_that_a_server_cannot_write_is_refused_for_good() -> None:
    with serving_mail(understands_utf8=False) as house, pytest.raises(MailRefused):
        mailer(house, signed_in=False).send(mail("josé@example.com"))


def test_a_server_that_is_away_may_be_back_later() -> None:
    with serving_mail() as house:
        gone = mailer(house, signed_in=False)
    with pytest.raises(OSError, match="refused"):
        gone.send(mail())


def test_a_password_that_is_not_taken_is_no_fault_of_the_mailbox(
    served: ssl.SSLContext, trusted: ssl.SSLContext
) -> None:
    with serving_mail(tls=served) as house:
        server = Server.at(house.url.replace("://", f"://{USER}:wrong@"))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            SmtpMailer(server, SENDER, always_encrypted=True, trusted=trusted).send(mail())
    assert house.letters == {}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example", ("mail.example", 587, False, "", "")),
        ("smtps://mail.example", ("mail.example", 465, True, "", "")),
        ("smtps://a%40b:c%2Fd%3A@mail.example:2465", ("mail.example", 2465, True, "a@b", "c/d:")),
    ],
)
def test_an_address_says_where_and_as_whom(url: str, found: tuple[object, ...]) -> None:
    server = Server.at(url)
    assert (server.host, server.port, server.encrypted, server.user, server.password) == found
    assert server.password not in repr(server) or not server.password


@pytest.mark.parametrize(
    "url",
    ["mail.example", "https://mail.example", "smtp://", "smtp://mail.example/x", "smtp://mail.example:no"],
)
def test_what_is_no_address_of_a_server_is_none(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whoever asks knows what is wrong: the address
        Server.at(url)
