//! Numbers on the command line that several commands take, with what to say of others.

pub(super) fn share(value: &str) -> Result<f32, String> {
    let number: f32 = value.parse().map_err(|_| "must be a number from 0 to 1, such as 0.05".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("must be from 0 to 1, such as 0.05".to_owned()) }
}

pub(super) fn positive(value: &str) -> Result<f64, String> {
    let number = not_negative(value)?;
    if number > 0.0 { Ok(number) } else { Err("must be more than 0, such as 0.001".to_owned()) }
}

pub(super) fn not_negative(value: &str) -> Result<f64, String> {
    let number: f64 = value.parse().map_err(|_| "must be a number, such as 0.001".to_owned())?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("must be 0 or more".to_owned()) }
}

/// Bytes, written as people write them: 4GB, 500 MB, 2GiB.
pub(super) fn size(value: &str) -> Result<u64, String> {
    let wrong = || "must be a size, such as 4GB or 500MB".to_owned();
    let value = value.trim();
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "kb" | "k" => 1_000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let bytes = number.parse::<f64>().map_err(|_| wrong())? * factor as f64;
    if bytes >= 1.0 && bytes.is_finite() { Ok(bytes as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = ["4GB", "500 MB", "1.5gb", "2GiB", "64k"].map(|value| size(value).unwrap());
        assert_eq!(read, [4_000_000_000, 500_000_000, 1_500_000_000, 2 << 30, 64_000]);
        for wrong in ["", "4", "GB", "-1GB", "0MB", "4 apples", "1.2.3GB", "NaNGB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
