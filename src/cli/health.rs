//! `lcr health`: whether the service of this configuration, on this machine, can serve. What a container asks that has no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::Failure;
use crate::config::Config;

/// An orchestrator waits no longer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether `/health/ready` answers 200; what it says is printed.
pub async fn health(config: &Config) -> Result<bool, Failure> {
    let mut address = config.listen;
    // Every address of the machine is no address to ask: the machine's own is.
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    // The certificate is for the public name; who answers at this address of this machine is the service or nobody.
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).danger_accept_invalid_certs(true).build()?;
    let scheme = if config.tls.files().is_some() { "https" } else { "http" };
    let answer = http.get(format!("{scheme}://{address}/health/ready")).send().await?;
    let well = answer.status().is_success();
    print!("{}", answer.text().await?);
    Ok(well)
}
