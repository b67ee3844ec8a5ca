//! Certificates for a server with TLS and for those who ask it, made anew for each server.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::folder::Folder;

/// The files of an authority that nobody else knows, and of the server and the client that it vouches for, as PEM.
pub struct Certificates {
    authority: PathBuf,
    server: [PathBuf; 2],
    client: [PathBuf; 2],
}

impl Certificates {
    pub(super) fn new(folder: &Folder) -> Certificates {
        let issuer = authority();
        let issue = |name: &str| {
            let key = key();
            let certificate = params(name, &["localhost", "127.0.0.1"]).signed_by(&key, &issuer);
            let certificate = certificate.expect("a certificate of two names can be signed").pem();
            let file = |end: &str, text: &str| folder.write(&format!("{name}.{end}"), text);
            [file("crt", &certificate), file("key", &key.serialize_pem())]
        };
        let authority = folder.write("authority.crt", &issuer.pem());
        Certificates { authority, server: issue("server"), client: issue("client") }
    }

    /// The authority's certificate, by which the server is verified.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// A client's certificate, for a server that asks for one.
    pub fn client(&self) -> &Path {
        &self.client[0]
    }

    /// The key of the client's certificate.
    pub fn client_key(&self) -> &Path {
        &self.client[1]
    }

    /// What a server that listens with TLS is told. It takes a client's certificate, and does not ask for one.
    pub(super) fn server_options(&self, port: u16) -> Vec<String> {
        let [certificate, key] = self.server.each_ref().map(|path| text(path));
        let options = [
            ["--port", "0"],
            ["--tls-port", &port.to_string()],
            ["--tls-cert-file", &certificate],
            ["--tls-key-file", &key],
            ["--tls-ca-cert-file", &text(&self.authority)],
            ["--tls-auth-clients", "optional"],
        ];
        options.into_iter().flatten().map(String::from).collect()
    }

    pub(super) fn client_options(&self) -> Vec<String> {
        let [certificate, key] = self.client.each_ref().map(|path| text(path));
        ["--tls", "--cacert", &text(&self.authority), "--cert", &certificate, "--key", &key].map(String::from).into()
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params("authority", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, key()).expect("a certificate without names can be signed")
}

/// A certificate of this subject, which no other may have: one that names itself as its issuer is not looked up
/// further.
fn params(subject: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
    let mut params = CertificateParams::new(names).expect("the names are a host's and an address");
    params.distinguished_name.push(DnType::CommonName, format!("freshen tests, {subject}"));
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}

/// Paths below the temporary folder are text, as it is.
fn text(path: &Path) -> String {
    path.display().to_string()
}
