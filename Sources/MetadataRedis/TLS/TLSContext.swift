// SPDX-License-Identifier: Apache-2.0

import CSSL
package import Metadata

/// What all encrypted connections of one address share: trusted certificates and our own.
///
/// Sendable: the context is only read once `init` is over, and OpenSSL counts its users with atomics.
@safe package final class TLSContext: Sendable {
    // Owned by this object from init to deinit.
    private nonisolated(unsafe) let context: OpaquePointer
    let options: TLSOptions

    /// Reads the certificates.
    /// - Parameter address: for errors, without secrets.
    /// - Throws: `EngineError.invalidAddress` when a file cannot be read or holds no certificate or key.
    package init(_ options: TLSOptions, address: String) throws(EngineError) {
        func refuse(_ what: String) -> EngineError {
            EngineError(.invalidAddress, "read \(what)", address: address, reason: TLSErrors.takeFirst())
        }
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw refuse("OpenSSL's settings")
        }
        unsafe self.context = context
        self.options = options
        unsafe cssl_require_tls12(context)
        if let file = options.authorityFile {
            guard unsafe SSL_CTX_load_verify_file(context, file) == 1 else {
                throw refuse("the certificates of tls-ca-cert-file, \(file)")
            }
        } else {
            unsafe SSL_CTX_set_default_verify_paths(context)
        }
        unsafe SSL_CTX_set_verify(context, options.isInsecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        guard let certificate = options.certificateFile, let key = options.keyFile else { return }
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw refuse("the certificate of tls-cert-file, \(certificate)")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            throw refuse("the key of tls-key-file, \(key)")
        }
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// A session that does not yet talk to anybody.
    /// - Parameter host: the name or address that is connected to.
    func makeSession(to host: String) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else { return nil }
        let name = options.serverName ?? host
        let parameters = unsafe SSL_get0_param(session)
        // A certificate names addresses apart from names; only names are told to the server.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) != 1 {
            ERR_clear_error()
            unsafe SSL_set1_host(session, name)
            unsafe cssl_name_server(session, name)
        }
        unsafe SSL_set_connect_state(session)
        return unsafe session
    }
}

/// OpenSSL's queue of errors of the calling thread.
enum TLSErrors {
    /// The words of the first error; the queue is empty then.
    static func takeFirst() -> String {
        let number = ERR_get_error()
        ERR_clear_error()
        guard number != 0, let text = unsafe ERR_reason_error_string(number) else {
            return "OpenSSL does not say why"
        }
        return unsafe String(cString: text)
    }
}
