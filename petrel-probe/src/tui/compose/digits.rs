//! Bytes as hexadecimal digits that can be typed.

/// Bytes as pairs of hexadecimal digits, sixteen of them on a line.
pub(super) fn digits(bytes: &[u8]) -> String {
    let line = |bytes: &[u8]| {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(" ")
    };
    let lines: Vec<String> = bytes.chunks(16).map(line).collect();
    lines.join("\n")
}

/// The bytes that pairs of hexadecimal digits mean. White space between them means nothing.
///
/// # Errors
/// What is no digit, and where, or that one is missing.
pub(super) fn undigits(lines: &[String]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut half = None;
    for (line, number) in lines.iter().zip(1..) {
        for (c, column) in line.chars().zip(1..) {
            if c.is_whitespace() {
                continue;
            }
            let Some(digit) = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) else {
                let shown = c.escape_debug();
                return Err(format!(
                    "'{shown}' at line {number} column {column} is no hexadecimal digit"
                ));
            };
            match half.take() {
                None => half = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
    }
    match half {
        None => Ok(bytes),
        Some(_) => Err("an odd number of digits: two make a byte".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let bytes: Vec<u8> = (0..40).map(|n| n * 6).collect();
        let text = digits(&bytes);
        assert!(text.starts_with("00 06 0c "));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(undigits(&lines).unwrap(), bytes);
        assert_eq!(
            undigits(&["0".into(), "aF\t".into(), "f".into()]).unwrap(),
            [0x0a, 0xff]
        );
    }
}
