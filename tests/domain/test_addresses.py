"""Which addresses are one mailbox, and which texts are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.email_claim import AddressMalformed, canonical, claim_id
from domain.personal import Personal

KEY = b"k" * 32


@pytest.mark.parametrize(
    "same",
    [
        "ann.lee@example.com",
        "Ann.Lee@Example.COM",
        "  ann.lee@example.com\n",
        "ann.lee+stage@example.com",
        "ann.lee+a+b@example.com",
    ],
)
def test_case_blanks_and_tags_do_not_make_another_mailbox(same: str) -> None:
    assert canonical(same) == "ann.lee@example.com"


@pytest.mark.parametrize(
    "same",
    ["annlee@gmail.com", "ann.lee@gmail.com", "a.n.n.l.e.e+x@GMail.com", "Ann.Lee@googlemail.com"],
)
def test_gmail_knows_no_dots_and_has_two_names(same: str) -> None:
    assert canonical(same) == "annlee@gmail.com"


@pytest.mark.parametrize("other", ["annlee@example.com", "ann.lee@example.org", "ann-lee@example.com"])
def test_elsewhere_a_dot_makes_another_mailbox(other: str) -> None:
    assert canonical(other) != canonical("ann.lee@example.com")


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("jose\u0301@example.com", "jos\u00e9@example.com"),  # e and its accent as two characters, and as one
        ("ann@mu\u0308nchen.de", "ann@m\u00fcnchen.de"),
        ("ann@xn--mnchen-3ya.de", "ann@m\u00fcnchen.de"),
        ("ann@XN--MNCHEN-3YA.de", "ann@m\u00fcnchen.de"),
        ("ann@\uff47mail.com", "ann@gmail.com"),  # a wide g
        ("\u0391\u039d\u039d\u0391@\u03b5\u03bb.gr", "\u03b1\u03bd\u03bd\u03b1@\u03b5\u03bb.gr"),
    ],
)
def test_letters_of_all_scripts_have_one_spelling(address: str, same: str) -> None:
    assert canonical(address) == same


def test_a_tag_without_a_name_before_it_is_the_name() -> None:
    assert canonical("+stage@example.com") == "+stage@example.com"
    assert canonical("+stage@gmail.com") == "+stage@gmail.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "@",
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@localhost",
        "ann@example.",
        "ann@.com",
        "ann@exa..mple.com",
        "ann@example.com.",
        "ann@-example.com",
        "ann@example-.com",
        "ann@exa mple.com",
        "ann@exa_mple.com",
        "ann@example.com, bob@example.com",
        "ann@bob@example.com",
        "ann lee@example.com",
        '"ann lee"@example.com',
        "ann<script>@example.com",
        "Ann <ann@example.com>",
        "ann\x00@example.com",
        "ann\r\nBcc: bob@example.com",
        "ann\u202e@example.com",  # turns the text that follows around
        "ann\u200b@example.com",  # a space without width
        "ann\ud800@example.com",  # half a character
        ".ann@example.com",
        "ann.@example.com",
        "ann..lee@example.com",
        "..@gmail.com",
        "ann@127.0.0.1",
        "ann@[127.0.0.1]",
        "ann@xn--\uffff.com",
        "ann@xn--99999999999.com",
        "ann@" + "x" * 64 + ".com",
        "x" * 65 + "@example.com",
        "x" * 60 + "@" + "y" * 60 + "." + "z" * 60 + "." + "w" * 60 + "." + "v" * 60 + ".com",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(AddressMalformed) as refused:
        canonical(text)
    assert refused.value.args == ()
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


PARTS = some.text(alphabet="aZ9.-_\u00fc\u0130\u1e9e\uff0e\u0301", min_size=1, max_size=8)


@settings(derandomize=True, max_examples=40)
@given(local=PARTS, domain=PARTS, tag=some.text(alphabet="abc123", min_size=1, max_size=5))
def test_whatever_is_taken_is_one_mailbox_with_every_tag_and_in_capitals(
    local: str, domain: str, tag: str
) -> None:
    address = f"{local}@{domain}.com"
    try:
        plain = canonical(address)
    except AddressMalformed:
        return
    assert canonical(plain) == plain
    assert canonical(f" {local}+{tag}@{domain}.com ") == plain
    if address.isascii():
        assert canonical(address.upper()) == plain


def test_one_mailbox_has_one_claim_and_another_mailbox_another() -> None:
    ann = claim_id(Personal("Ann.Lee+x@gmail.com"), KEY)
    assert ann == claim_id(Personal("annlee@googlemail.com"), KEY)
    assert ann != claim_id(Personal("bob@gmail.com"), KEY)


def test_without_the_key_nobody_can_tell_whose_claim_it_is() -> None:
    assert claim_id(Personal("ann@example.com"), KEY) != claim_id(Personal("ann@example.com"), b"l" * 32)


@pytest.mark.parametrize(
    ("address", "unchanging"),
    [
        ("ann@example.com", "52ecd780-6231-852c-9f13-fc2162dcb807"),
        ("joe@example.com", "9e0aa38f-52a7-805e-ba39-efa8056ae3d2"),
    ],
)
def test_a_claims_id_never_changes(address: str, unchanging: str) -> None:
    claim = claim_id(Personal(address), KEY)
    assert str(claim) == unchanging
    assert (claim.version, claim.variant) == (8, "specified in RFC 4122")


@pytest.mark.parametrize("address", ["a@example.com", "ann@163.com", "ann@x-1.example.com"])
def test_unusual_addresses_are_taken(address: str) -> None:
    assert canonical(address) == address


def test_the_longest_address_is_taken_and_none_that_is_longer() -> None:
    domain = ".".join(["x" * 63, "y" * 63, "z" * 57, "com"])
    longest = f"{'a' * 64}@{domain}"
    assert len(longest) == 254
    assert canonical(f" {longest} ") == longest
    with pytest.raises(AddressMalformed):
        canonical(longest.replace("z.com", "zz.com"))
