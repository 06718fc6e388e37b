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
