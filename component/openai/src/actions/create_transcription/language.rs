//! Languages, as the codes that the API takes.

use alloc::string::String;

use super::properties::LANGUAGES;

/// What a language is sent as.
#[derive(Debug, PartialEq)]
pub enum Language {
    /// As this code.
    Code(&'static str),
    /// As nothing: the model is to find out.
    Unsaid,
}

/// The codes of ISO 639-1, and what only Whisper calls `haw`, `jw` and `yue`.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu \
    cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi \
    ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks \
    ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng nl no \
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn \
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo \
    wa wo xh yi yo za zh zu haw jw yue";

/// Other names of the listed languages: codes of ISO 639-2 and 639-3, codes
/// that are no longer in use, and words. Workflows made for the reference page
/// say `ma` for Maori.
const NAMES: &[(&str, &[&str])] = &[
    ("af", &["afr"]),
    ("ar", &["ara", "arb"]),
    ("hy", &["hye", "arm"]),
    ("az", &["aze", "azj"]),
    ("be", &["bel"]),
    ("bs", &["bos"]),
    ("bg", &["bul"]),
    ("ca", &["cat", "valencian"]),
    ("zh", &["zho", "chi", "cmn", "chinese", "mandarin"]),
    ("hr", &["hrv"]),
    ("cs", &["ces", "cze"]),
    ("da", &["dan"]),
    ("nl", &["nld", "dut", "flemish"]),
    ("el", &["ell", "gre"]),
    ("et", &["est", "ekk"]),
    ("en", &["eng"]),
    ("fi", &["fin"]),
    ("fr", &["fra", "fre"]),
    ("gl", &["glg"]),
    ("de", &["deu", "ger"]),
    ("he", &["heb", "iw"]),
    ("hi", &["hin"]),
    ("hu", &["hun"]),
    ("is", &["isl", "ice"]),
    ("id", &["ind", "in"]),
    ("it", &["ita"]),
    ("ja", &["jpn"]),
    ("kk", &["kaz"]),
    ("kn", &["kan"]),
    ("ko", &["kor"]),
    ("lt", &["lit"]),
    ("lv", &["lav", "lvs"]),
    ("mi", &["mri", "mao", "ma"]),
    ("mk", &["mkd", "mac"]),
    ("mr", &["mar"]),
    ("ms", &["msa", "may", "zsm"]),
    ("ne", &["nep", "npi"]),
    ("no", &["nor", "nb", "nob", "nn", "nno"]),
    ("fa", &["fas", "per", "pes", "farsi"]),
    ("pl", &["pol"]),
    ("pt", &["por"]),
    ("ro", &["ron", "rum", "mo", "moldavian"]),
    ("ru", &["rus"]),
    ("sk", &["slk", "slo"]),
    ("sl", &["slv"]),
    ("sr", &["srp"]),
    ("es", &["spa", "castilian"]),
    ("sv", &["swe"]),
    ("sw", &["swa", "swh"]),
    ("ta", &["tam"]),
    ("tl", &["tgl", "fil", "filipino"]),
    ("th", &["tha"]),
    ("tr", &["tur"]),
    ("uk", &["ukr"]),
    ("ur", &["urd"]),
    ("vi", &["vie"]),
    ("cy", &["cym", "wel"]),
];

/// The language that a text means: a code, with or without a country or a
/// script, or the English name. None if it is unknown.
pub fn language(text: &str) -> Option<Language> {
    let text = text.trim().to_lowercase();
    if matches!(text.as_str(), "" | "auto") {
        return Some(Language::Unsaid);
    }
    // `pt-BR`, `zh_Hans`, `de_DE.UTF-8`.
    let code = text.split(['-', '_', '.']).next().unwrap_or_default();
    let label = |(label, _): &&(&str, &str)| label.eq_ignore_ascii_case(code);
    let listed = LANGUAGES.iter().find(label).map(|(_, code)| *code);
    let named = || NAMES.iter().find(|(_, names)| names.contains(&code)).map(|(code, _)| *code);
    let known = CODES.split(' ').find(|known| *known == code);
    known.or(listed).or_else(named).map(Language::Code)
}

/// Why a text is no language.
pub fn unknown(property: &str, text: &str) -> String {
    format!(
        "`{property}` must be an ISO 639-1 code such as `de`, or the English name of a listed \
         language (got `{text}`)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_language_is_known_by_its_label_and_its_codes() {
        assert_eq!(LANGUAGES.len(), 57);
        assert_eq!(NAMES.len(), LANGUAGES.len());
        for (label, code) in LANGUAGES {
            assert_eq!(language(label), Some(Language::Code(code)), "{label}");
            assert_eq!(language(code), Some(Language::Code(code)), "{label}");
        }
        for (code, names) in NAMES {
            assert!(LANGUAGES.iter().any(|(_, listed)| listed == code), "{code}");
            for name in *names {
                assert_eq!(language(name), Some(Language::Code(code)), "{name}");
            }
        }
    }

    #[test]
    fn what_people_write_becomes_a_code() {
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
            assert_eq!(language(text), Some(Language::Unsaid), "{text}");
        }
        for text in ["klingon", "tlh", "xx", "x-klingon", "e", "-", "engl", "de en", "Deutsch"] {
            assert_eq!(language(text), None, "{text}");
        }
    }
}
