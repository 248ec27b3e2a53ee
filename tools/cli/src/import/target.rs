//! The Worker that receives the events, and the key.

use anyhow::{Context as _, Result, bail};
use intake::key::{ApiKey, Kind};

use super::Args;
use crate::control::DEMO;
use crate::dev_file::DevFile;
use crate::tls;

/// A Worker and a key for it.
pub(crate) struct Target {
    /// The Worker's origin, without a slash at its end.
    pub(crate) url: String,
    /// A secret key of the project.
    pub(crate) key: String,
}

impl Target {
    /// From the arguments, else the local stack and its demo project.
    pub(crate) fn of(args: &Args) -> Result<Self> {
        let key = match &args.key {
            Some(key) => secret_key(key.trim())?,
            None if args.url.is_some() => {
                bail!("--url needs a key of that deployment: set HEADWATER_KEY to a secret key (sk_…) of the project");
            }
            None if args.project != DEMO => bail!(
                "the local stack stores the keys of the project {DEMO} only: set HEADWATER_KEY to a secret key of {0} \
                 (headwater keys create --kind sk --project {0})",
                args.project
            ),
            None => local(args)?.keys.sk,
        };
        let url = match &args.url {
            Some(url) => {
                tls::check([Some(url.as_str())])?;
                url.clone()
            }
            None => local(args)?.worker_url,
        };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            bail!("--url must be the Worker's address, like https://stats.example.com");
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), key })
    }
}

fn local(args: &Args) -> Result<DevFile> {
    DevFile::of(&args.state).context("name a deployment with --url and HEADWATER_KEY, or use the local stack")
}

/// Checks the key before the first batch is sent.
fn secret_key(key: &str) -> Result<String> {
    match ApiKey::parse(key) {
        None => bail!("not an API key: it is mistyped or incomplete"),
        Some(parsed) if parsed.kind != Kind::Secret => {
            bail!("{parsed:?} is not a secret key: the Worker accepts visitors' IP addresses only with an sk_… key")
        }
        Some(_) => Ok(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use intake::key::{Draft, Env};

    use super::*;

    #[test]
    fn only_a_secret_key_will_do_and_no_message_shows_one() {
        let key = |kind| Draft::from_random(kind, Env::Live, &[7; 256]).unwrap().reveal().to_owned();
        assert_eq!(secret_key(&key(Kind::Secret)).unwrap(), key(Kind::Secret));
        let publishable = key(Kind::Publishable);
        let refusal = secret_key(&publishable).unwrap_err().to_string();
        assert!(refusal.contains("not a secret key") && !refusal.contains(&publishable), "{refusal}");
        assert!(secret_key("sk_live_x").unwrap_err().to_string().contains("mistyped"));
    }
}
