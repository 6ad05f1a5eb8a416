"""What pages and forms say of their own accord, by language; the rest the tenant writes."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "optional": "optional",
        "choose": "Please choose",
        "button": "Send",
        "thanks_title": "Thank you!",
        "thanks_text": "We have received your message and will get in touch soon.",
        "back": "Back to the page",
        "privacy": "Privacy",
        "check": "Please check what is marked below. Nothing you typed is lost.",
        "required": "Please fill this in.",
        "phone": "This is not a phone number. Write it with the country code, e.g. +91 98200 12345.",
        "email": "This is not an e-mail address. It looks like asha@example.in.",
        "reach": "Give a phone number or an e-mail address, so that we can answer.",
        "choice": "Choose one of the answers offered.",
        "date": "This is not a date. Write it as year-month-day, e.g. 2026-03-05.",
        "long": "This is too long: at most {limit} characters.",
        "tick": "Please tick this to go on.",
        "later": "We could not save this just now. Nothing you typed is lost: please send it again in a moment.",
        "often": "That was very quick. Please wait a minute and send it again.",
        "trap": "Leave this empty",
        "missing_title": "This page is not here",
        "missing_text": "The address may be mistyped, or the page has been taken down.",
    },
    "hi": {
        "optional": "वैकल्पिक",
        "choose": "कृपया चुनें",
        "button": "भेजें",
        "thanks_title": "धन्यवाद!",
        "thanks_text": "आपका संदेश हमें मिल गया है। हम जल्द ही आपसे संपर्क करेंगे।",
        "back": "पेज पर वापस जाएँ",
        "privacy": "गोपनीयता",
        "check": "कृपया नीचे बताई गई बातें ठीक करें। आपका लिखा कुछ भी नहीं खोया है।",
        "required": "कृपया इसे भरें।",
        "phone": "यह फ़ोन नंबर सही नहीं है। देश के कोड के साथ लिखें, जैसे +91 98200 12345।",
        "email": "यह ई-मेल पता सही नहीं है। जैसे asha@example.in।",
        "reach": "फ़ोन नंबर या ई-मेल पता दीजिए, ताकि हम उत्तर दे सकें।",
        "choice": "दिए गए उत्तरों में से एक चुनें।",
        "date": "यह तारीख सही नहीं है। साल-महीना-दिन लिखें, जैसे 2026-03-05।",
        "long": "यह बहुत लंबा है: अधिकतम {limit} अक्षर।",
        "tick": "आगे बढ़ने के लिए इस पर निशान लगाएँ।",
        "later": "अभी हम इसे सहेज नहीं पाए। आपका लिखा कुछ भी नहीं खोया है: थोड़ी देर में फिर भेजें।",
        "often": "यह बहुत जल्दी था। कृपया एक मिनट रुककर फिर भेजें।",
        "trap": "इसे खाली छोड़ें",
        "missing_title": "यह पेज यहाँ नहीं है",
        "missing_text": "शायद पता गलत लिखा गया है, या पेज हटा दिया गया है।",
    },
}


def words(locale: str) -> Mapping[str, str]:
    """The words of a language, English where we have none."""
    return WORDS.get(locale.replace("_", "-").partition("-")[0].lower(), WORDS["en"])
