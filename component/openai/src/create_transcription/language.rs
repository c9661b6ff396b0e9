//! Languages, as the codes that the API accepts.

use connector_sdk::property::Choice;

/// The languages of the reference page, in its order: code, English name and
/// aliases, which are ISO 639-2 and 639-3 codes, retired codes and other names.
/// Workflows written for the reference page use `ma` for Maori.
#[rustfmt::skip]
const LANGUAGES: [(&str, &str, &[&str]); 57] = [
    ("af", "Afrikaans", &["afr"]),
    ("ar", "Arabic", &["ara", "arb"]),
    ("hy", "Armenian", &["hye", "arm"]),
    ("az", "Azerbaijani", &["aze", "azj"]),
    ("be", "Belarusian", &["bel"]),
    ("bs", "Bosnian", &["bos"]),
    ("bg", "Bulgarian", &["bul"]),
    ("ca", "Catalan", &["cat", "valencian"]),
    ("zh", "Chinese (Simplified)", &["zho", "chi", "cmn", "chinese", "mandarin"]),
    ("hr", "Croatian", &["hrv"]),
    ("cs", "Czech", &["ces", "cze"]),
    ("da", "Danish", &["dan"]),
    ("nl", "Dutch", &["nld", "dut", "flemish"]),
    ("el", "Greek", &["ell", "gre"]),
    ("et", "Estonian", &["est", "ekk"]),
    ("en", "English", &["eng"]),
    ("fi", "Finnish", &["fin"]),
    ("fr", "French", &["fra", "fre"]),
    ("gl", "Galician", &["glg"]),
    ("de", "German", &["deu", "ger"]),
    ("he", "Hebrew", &["heb", "iw"]),
    ("hi", "Hindi", &["hin"]),
    ("hu", "Hungarian", &["hun"]),
    ("is", "Icelandic", &["isl", "ice"]),
    ("id", "Indonesian", &["ind", "in"]),
    ("it", "Italian", &["ita"]),
    ("ja", "Japanese", &["jpn"]),
    ("kk", "Kazakh", &["kaz"]),
    ("kn", "Kannada", &["kan"]),
    ("ko", "Korean", &["kor"]),
    ("lt", "Lithuanian", &["lit"]),
    ("lv", "Latvian", &["lav", "lvs"]),
    ("mi", "Maori", &["mri", "mao", "ma"]),
    ("mk", "Macedonian", &["mkd", "mac"]),
    ("mr", "Marathi", &["mar"]),
    ("ms", "Malay", &["msa", "may", "zsm"]),
    ("ne", "Nepali", &["nep", "npi"]),
    ("no", "Norwegian", &["nor", "nb", "nob", "nn", "nno"]),
    ("fa", "Persian", &["fas", "per", "pes", "farsi"]),
    ("pl", "Polish", &["pol"]),
    ("pt", "Portuguese", &["por"]),
    ("ro", "Romanian", &["ron", "rum", "mo", "moldavian"]),
    ("ru", "Russian", &["rus"]),
    ("sk", "Slovak", &["slk", "slo"]),
    ("sl", "Slovenian", &["slv"]),
    ("sr", "Serbian", &["srp"]),
    ("es", "Spanish", &["spa", "castilian"]),
    ("sv", "Swedish", &["swe"]),
    ("sw", "Swahili", &["swa", "swh"]),
    ("ta", "Tamil", &["tam"]),
    ("tl", "Tagalog", &["tgl", "fil", "filipino"]),
    ("th", "Thai", &["tha"]),
    ("tr", "Turkish", &["tur"]),
    ("uk", "Ukrainian", &["ukr"]),
    ("ur", "Urdu", &["urd"]),
    ("vi", "Vietnamese", &["vie"]),
    ("cy", "Welsh", &["cym", "wel"]),
];

/// The ISO 639-1 codes, and `haw`, `jw` and `yue`, which only Whisper uses.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu \
    cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi \
    ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks \
    ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng nl no \
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn \
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo \
    wa wo xh yi yo za zh zu haw jw yue";

/// The languages that a form offers.
#[allow(clippy::indexing_slicing, reason = "`get` cannot be called in a constant")]
pub const CHOICES: &[Choice] = &{
    let mut choices = [Choice::text(""); LANGUAGES.len()];
    let mut index = 0;
    while index < LANGUAGES.len() {
        let (code, name, _) = LANGUAGES[index];
        choices[index] = Choice::labelled(name, code);
        index += 1;
    }
    choices
};

/// How a language is sent.
#[derive(Debug, PartialEq)]
pub enum Language {
    /// As this code.
    Code(&'static str),
    /// Not at all: the model detects it.
    Detect,
}

/// Reads a language: a code, with or without a country or a script, or an
/// English name. Returns `None` if it is unknown.
pub fn language(text: &str) -> Option<Language> {
    let text = text.trim().to_lowercase();
    if matches!(text.as_str(), "" | "auto") {
        return Some(Language::Detect);
    }
    // `pt-BR`, `zh_Hans`, `de_DE.UTF-8`.
    let word = text.split(['-', '_', '.']).next().unwrap_or_default();
    let is_it = |(_, name, others): &&(&str, &str, &[&str])| {
        name.eq_ignore_ascii_case(word) || others.contains(&word)
    };
    let code = CODES.split(' ').find(|code| *code == word);
    code.or_else(|| Some(LANGUAGES.iter().find(is_it)?.0)).map(Language::Code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_each_language_by_all_its_names() {
        for (code, name, others) in LANGUAGES {
            for word in [code, name].iter().chain(others) {
                assert_eq!(language(word), Some(Language::Code(code)), "{word}");
            }
        }
    }

    #[test]
    fn converts_tags_and_names_to_codes() {
        for (text, code) in [
            ("pt-BR", "pt"),
            ("en-US", "en"),
            ("en_GB.UTF-8", "en"),
            ("zh-Hans", "zh"),
            ("sr-Latn-RS", "sr"),
            ("nb-NO", "no"),
            ("English", "en"),
            ("chinese (simplified)", "zh"),
            ("Mandarin", "zh"),
            ("EN", "en"),
            (" de ", "de"),
            ("deu", "de"),
            ("ger", "de"),
            ("ma", "mi"),
            ("bn", "bn"),
            ("yue", "yue"),
        ] {
            assert_eq!(language(text), Some(Language::Code(code)), "{text}");
        }
        for text in ["auto", "Auto", " ", ""] {
            assert_eq!(language(text), Some(Language::Detect), "{text}");
        }
        for text in ["klingon", "tlh", "xx", "x-klingon", "e", "-", "engl", "de en", "Deutsch"] {
            assert_eq!(language(text), None, "{text}");
        }
    }
}
