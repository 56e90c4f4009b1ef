"""What personal information looks like in an English transcript: a table of regular expressions.

They are matched against a line in which number words are digits already ("four one" is ``4 1``),
words are parted by one space, and marks are as the recognizer wrote them. A group ``it`` is the
part to be covered where the rest only shows what it is. The order counts: a word belongs to the
first entity that claims it. Repetitions have bounds: what is matched comes from strangers.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple

_NUMBER = r"\d(?:[\d,.]{0,20}\d)?"
_SCALE = r"(?:hundred|thousand|million|billion|trillion)"
_AMOUNT = rf"(?:{_NUMBER}|{_SCALE})(?: (?:and |point )?(?:{_NUMBER}|{_SCALE})){{0,9}}"

_TLD = r"(?:com|org|net|edu|gov|mil|info|biz|io|ai|co|app|dev|tv|me|us|uk|ca|au|de|fr|es|it|nl|ch)"
_DOMAIN = rf"[\w-]+(?:(?:\.| dot )[\w-]+){{0,9}}?(?:\.| dot ){_TLD}\b(?:(?:\.| dot ){_TLD}\b)?"
_LOCAL = r"[\w+-]+(?:(?:\.| dot | underscore | dash | hyphen )[\w+-]+){0,9}"

_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\b"
_YEAR = r"(?:(?:19|20)\d\d|(?:19|20) (?:\d\d|0 ?\d)|2 thousand(?: and)?(?: \d\d?)?)\b"
_DATE = (
    rf"(?:{_MONTH} (?:the )?{_DAY}(?:,? {_YEAR})?"
    rf"|(?:the )?{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?"
    rf"|{_MONTH},? (?:of )?{_YEAR}"
    r"|\d{4}-\d\d-\d\d|\d\d?[/.-]\d\d?[/.-](?:\d{4}|\d\d)\b)"
)

_UNIT = r"(?:second|minute|hour|day|night|week|fortnight|month|year|decade)s?"

_IS = r"(?:,? (?:is|was|it's|are|as|of|ends in|ending in))*[:,]? "
_SIGN = r"(?:[a-z]{0,3}\d[\da-z-]*|[a-z]\b)"
_CODE = rf"(?P<it>(?=[^.?!]{{0,60}}\d){_SIGN}(?:[ ,-]{{1,3}}{_SIGN}){{0,30}})"
"""Digits and single letters, at least one digit: a number as offices give it out."""
_SECRET = r"(?P<it>[^\s,.?!]+)"

_RUN = r"\+?\(?\d(?:[ ().,/-]{0,3}\d){1,40}"
"""Digits with little between them: one long number, however it was written or spoken."""

_STATE = (
    r"(?:alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia"
    r"|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts"
    r"|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey"
    r"|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania"
    r"|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington"
    r"|west virginia|wisconsin|wyoming)"
)
_STREET = (
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|court|place|way|square|terrace"
    r"|highway|parkway|crescent|close)"
)
_LANGUAGE = (
    r"(?:english|spanish|french|german|italian|portuguese|dutch|swedish|norwegian|danish|finnish"
    r"|polish|russian|ukrainian|czech|hungarian|romanian|greek|turkish|arabic|hebrew|persian|hindi"
    r"|urdu|bengali|punjabi|tamil|mandarin|cantonese|chinese|japanese|korean|vietnamese|thai)"
)


class Pattern(NamedTuple):
    """How one entity is found."""

    entity: str
    regex: re.Pattern[str]
    is_right: Callable[[str], bool] = bool
    """Judges what was matched; by default anything will do."""


def is_card_number(text: str) -> bool:
    """Tell whether 13 to 19 digits have the right check digit (Luhn, ISO/IEC 7812-1)."""
    digits = [int(char) for char in text if char.isdigit()]
    if not 13 <= len(digits) <= 19 or not any(digits):
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def _is_social_security(text: str) -> bool:
    """Nine digits of a number that can have been given out."""
    digits = _digits(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return (
        len(digits) == 9
        and area not in ("000", "666")
        and area < "900"
        and group != "00"
        and serial != "0000"
    )


def _is_phone(text: str) -> bool:
    """A number with its area, or of another country; or seven digits written as 555-0123."""
    digits = _digits(text)
    if text.startswith("+"):
        return 8 <= len(digits) <= 15
    if len(digits) == 7:
        return re.fullmatch(r"\d{3}[ .-]\d{4}|\d([ ,.-]+\d){6}", text) is not None
    return len(digits) == 10 or (len(digits) == 11 and digits[0] in "01")


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(re.sub(r"\s*(?:\.|dot|point)\s*", ".", text))
    except ValueError:
        return False
    return True


def _is_iban(text: str) -> bool:
    """The check of ISO 13616: moved and read as a number, 1 is left over from 97."""
    code = text.replace(" ", "").upper()
    if not 15 <= len(code) <= 34 or not code.isalnum() or not code.isascii():
        return False
    return int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def _is_vehicle(text: str) -> bool:
    """Seventeen signs with letters and digits among them, as ISO 3779 has it."""
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _has_two_digits(text: str) -> bool:
    return len(_digits(text)) >= 2


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _entity(
    entity: str, regex: str, is_right: Callable[[str], bool] = bool, *, flags: int = re.IGNORECASE
) -> Pattern:
    return Pattern(entity, re.compile(rf"(?<![\w@])(?:{regex})(?!\w)", flags), is_right)


def _card(n_digits: int) -> Pattern:
    """Find so many digits that have the check digit, other numbers around them or not."""
    rest = rf"(?:[ .,-]{{0,2}}\d){{{n_digits - 1}}}"
    regex = re.compile(rf"(?<!\w)(?=(?P<it>\d{rest})(?!\w))")
    return Pattern("credit_card_number", regex, is_card_number)


def _listed(entity: str, words: str) -> Pattern:
    """Find words that always mean this, in one number or several."""
    return _entity(entity, "|".join(re.escape(word) for word in words.split(",")))


PATTERNS = (
    _entity("email_address", rf"{_LOCAL}(?:@| at ){_DOMAIN}"),
    _entity("url", rf"https?://\S*\w|(?:www(?:\.| dot ))?{_DOMAIN}(?:/[\w/.-]*\w)?"),
    _entity("ip_address", r"\d+(?: ?(?:\.|dot|point) ?\d+){3}", _is_ip_address),
    _entity("ip_address", r"[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}", _is_ip_address),
    _entity(
        "filename",
        r"[\w-]+(?:\.| dot )(?:pdf|docx?|xlsx?|pptx?|csv|txt|json|xml|zip|png|jpe?g|gif|mp[34]"
        r"|wav|exe|html?)",
    ),
    _entity(
        "banking_information",
        # A word that goes on behind the last piece would be cut in every possible way, in vain: so
        # none is begun that is longer than a number can be.
        r"(?!\w{35})[a-z]{2}\d\d(?: ?[a-z]{4})?(?: ?(?!\w{31})(?=[a-z]{0,3}\d)[\da-z]{1,4}){2,8}",
        _is_iban,
    ),
    _entity("vehicle_id", r"[a-hj-npr-z\d]{17}", _is_vehicle),
    _entity("passport_number", rf"passport(?: number)?{_IS}{_CODE}"),
    _entity("drivers_license", rf"driver'?s'? licen[cs]e(?: number)?{_IS}{_CODE}"),
    _entity(
        "healthcare_number",
        r"(?:medicare|medicaid|nhs|health (?:card|insurance|plan)|medical record)(?: number)?"
        rf"{_IS}{_CODE}",
    ),
    _entity(
        "vehicle_id",
        r"(?:licen[cs]e plate|plate|number plate|registration|vin|vehicle)(?: number)?"
        rf"{_IS}{_CODE}",
    ),
    _entity(
        "banking_information",
        rf"(?:routing|sort|swift|iban|bank)(?: (?:number|code))?{_IS}{_CODE}",
    ),
    _entity("account_number", rf"(?:account|membership|customer)(?: number)?{_IS}{_CODE}"),
    _entity("credit_card_cvv", rf"(?:cvv2?|cvc|security code){_IS}(?P<it>\d(?:[ ,]*\d){{2,3}})"),
    _entity(
        "credit_card_expiration",
        rf"expir\w*(?: date)?(?: (?:on|in))?(?:{_IS}|: )"
        rf"(?P<it>\d\d? ?/ ?\d\d(?:\d\d)?|\d\d? \d\d|{_MONTH} {_YEAR})",
    ),
    _entity("username", rf"(?:user ?name|login|user id){_IS}{_SECRET}"),
    _entity(
        "password", rf"(?:password|passcode|pass phrase|pin|pin code|pin number){_IS}{_SECRET}"
    ),
    *(_card(n_digits) for n_digits in (16, 15, 19, 18, 17, 14, 13)),
    _entity("us_social_security_number", r"\d{3}-\d\d-\d{4}", _is_social_security),
    _entity(
        "us_social_security_number",
        rf"(?:social security|social|ssn)(?: number)?{_IS}(?P<it>{_RUN})",
        _is_social_security,
    ),
    _entity("phone_number", _RUN, _is_phone),
    _entity(
        "location_zip", rf"(?:zip|postal)(?: code)?{_IS}(?P<it>\d(?:[ ,]*\d){{4}}(?:-\d{{4}})?)"
    ),
    _entity("location_zip", rf"{_STATE},? (?P<it>\d{{5}}(?:-\d{{4}})?)"),
    _entity("location_coordinate", r"-?\d{1,3}\.\d{3,},? -?\d{1,3}\.\d{3,}"),
    _entity(
        "location_coordinate",
        r"\d{1,3}(?:\.\d+)? ?(?:°|degrees)(?: \d+ minutes)?(?: (?:north|south|east|west))",
    ),
    _entity("location_address_street", rf"\d+[a-z]? (?:[a-z\d']+ ){{1,3}}{_STREET}\b"),
    _entity("location_address", rf"\d+[a-z]? (?:[a-z\d']+ ){{1,3}}{_STREET}\b(?:,? {_STATE})?"),
    _entity(
        "date_of_birth",
        rf"(?:born|birth|birthday|dob)(?: (?:on|in))?(?:{_IS}|: )(?P<it>{_DATE}|{_YEAR})",
    ),
    _entity(
        "date_interval", rf"(?:{_DATE}|{_YEAR}) (?:to|through|until|till|-) (?:{_DATE}|{_YEAR})"
    ),
    _entity("date_interval", r"(?:the )?(?:(?:19|20)?\d0s|'\d0s)"),
    _entity("date", _DATE),
    _entity(
        "time",
        r"\d\d?:\d\d(?::\d\d)?(?: ?[ap]\.?m\b\.?)?|\d\d?(?: \d\d)? ?(?:[ap]\.?m\b\.?|o'clock)"
        r"|(?:half|quarter|\d\d?) (?:past|to) (?:1[0-2]|[1-9])|noon|midnight",
    ),
    _entity("person_age", r"\d{1,3}[ -]years?[ -]old|(?:age|aged|turned|turning) (?P<it>\d{1,3})"),
    _entity(
        "money_amount",
        rf"[$€£¥] ?{_AMOUNT}|{_AMOUNT} (?:u\.?s\.? |canadian |australian )?"
        r"(?:dollars?|euros?|pounds?|cents?|bucks?|yen|rupees?|francs?|pesos?|yuan)",
    ),
    _entity("statistics", rf"{_AMOUNT} ?(?:%|percent|per cent)"),
    _entity("duration", rf"(?:{_AMOUNT}|half an?|an?)[ -]{_UNIT}"),
    _entity("year", _YEAR),
    _entity("day", rf"{_WEEKDAY}s?"),
    # These two are other words too: a month only where a preposition says so.
    _entity("month", r"(?:in|of|since|until|by|last|next|this|from) (?P<it>may|march)"),
    _entity("month", _MONTH.replace("|march", "").replace("|may", "")),
    _entity("blood_type", r"(?:ab|[abo])(?:[ -](?:positive|negative)|[+-]|\b(?= blood))"),
    _listed(
        "zodiac_sign",
        "aries,taurus,gemini,virgo,libra,scorpio,sagittarius,capricorn,aquarius,pisces",
    ),
    _listed("marital_status", "married,divorced,widowed,unmarried,engaged,bachelor,widow,widower"),
    _listed("gender", "male,female,man,woman,boy,girl,transgender,nonbinary,non-binary"),
    _listed(
        "sexuality", "heterosexual,homosexual,bisexual,asexual,pansexual,gay,lesbian,straight,queer"
    ),
    _listed(
        "gender_sexuality",
        "male,female,man,woman,boy,girl,transgender,nonbinary,non-binary,heterosexual,homosexual,"
        "bisexual,asexual,pansexual,gay,lesbian,queer",
    ),
    _listed(
        "religion",
        "christian,christianity,catholic,protestant,orthodox,lutheran,baptist,methodist,mormon,"
        "muslim,islam,islamic,jewish,judaism,jew,hindu,hinduism,buddhist,buddhism,sikh,sikhism,"
        "atheist,agnostic",
    ),
    _entity("language", _LANGUAGE),
    _entity("location_state", _STATE),
    _entity("number_sequence", rf"{_RUN}|\d+", _has_two_digits),
)
