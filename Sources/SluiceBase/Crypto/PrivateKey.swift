// SPDX-License-Identifier: Apache-2.0
// The key that wraps the data keys of an encrypted volume (data-format §1.5): RSA with OAEP (SHA-256 for
// hash and MGF1, label "keys"), or SM2.

import CCrypto

/// A private key that wraps and unwraps data keys.
///
/// Safe to use from several threads.
@safe package final class PrivateKey: Sendable {
    // Set once, freed in deinit. EVP_PKEY counts its users atomically, and every operation has a context of
    // its own.
    private nonisolated(unsafe) let key: OpaquePointer
    private let isRSA: Bool

    /// Reads PKCS#1 or PKCS#8, clear or encrypted (also with the legacy `Proc-Type` header).
    ///
    /// The passphrase is ignored for a clear key, as JuiceFS 1.4.2 does.
    /// - Throws: `CryptoError.needsPassphrase`, `.wrongPassphrase`, `.malformedKey`, `.unsupportedKey`.
    package init(pem: [UInt8], passphrase: String?) throws(CryptoError) {
        let operation = "read the private key"
        ERR_clear_error()
        guard let length = Int32(exactly: pem.count) else { throw CryptoError(.malformedKey, operation) }
        var request = PassphraseRequest(passphrase: passphrase.map { Array($0.utf8) })
        // The memory BIO reads from the bytes themselves until it is freed, so all of it happens in here.
        let read = unsafe pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, length) else { return nil }
            defer { unsafe BIO_free(source) }
            return unsafe withUnsafeMutablePointer(to: &request) { context in
                unsafe PEM_read_bio_PrivateKey(
                    source,
                    nil,
                    answerPassphrase,
                    UnsafeMutableRawPointer(context)
                )
            }
        }
        guard let key = unsafe read else {
            guard request.wasAsked else { throw .fromQueue(.malformedKey, operation) }
            throw .fromQueue(passphrase == nil ? .needsPassphrase : .wrongPassphrase, operation)
        }
        isRSA = unsafe EVP_PKEY_is_a(key, "RSA") == 1
        unsafe self.key = unsafe key
        let isSM2 = unsafe EVP_PKEY_is_a(key, "SM2") == 1
        guard isRSA || isSM2 else { throw CryptoError(.unsupportedKey, operation) }
    }

    deinit {
        unsafe EVP_PKEY_free(key)
    }

    /// Encrypts a data key with the public half.
    ///
    /// The length depends on the key, for SM2 also on chance.
    package func wrap(_ dataKey: [UInt8]) throws(CryptoError) -> [UInt8] {
        let context = try unsafe KeyContext(key, isRSA: isRSA, wrapping: true)
        return try context.run(dataKey)
    }

    /// Decrypts a data key.
    /// - Throws: `CryptoError.cannotUnwrap`.
    package func unwrap(_ wrapped: [UInt8]) throws(CryptoError) -> [UInt8] {
        let context = try unsafe KeyContext(key, isRSA: isRSA, wrapping: false)
        return try context.run(wrapped)
    }
}

/// What libcrypto's passphrase callback works on; it lives on the stack of `PrivateKey.init`.
private struct PassphraseRequest {
    let passphrase: [UInt8]?
    var wasAsked = false

    init(passphrase: [UInt8]?) {
        self.passphrase = passphrase
    }
}

/// The pem_password_cb: copies the passphrase out of the request, or refuses.
private func answerPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ capacity: Int32,
    _: Int32,
    _ context: UnsafeMutableRawPointer?,
) -> Int32 {
    guard let buffer = unsafe buffer, let context = unsafe context else { return -1 }
    let request = unsafe context.assumingMemoryBound(to: PassphraseRequest.self)
    unsafe request.pointee.wasAsked = true
    guard let passphrase = unsafe request.pointee.passphrase, passphrase.count <= Int(capacity) else {
        return -1
    }
    for (index, byte) in passphrase.enumerated() {
        unsafe buffer[index] = CChar(bitPattern: byte)
    }
    return Int32(passphrase.count)
}

/// Owns one EVP_PKEY_CTX from init to deinit.
@safe private final class KeyContext {
    private let context: OpaquePointer
    private let wrapping: Bool

    private var operation: String { wrapping ? "wrap the data key" : "unwrap the data key" }

    init(_ key: OpaquePointer, isRSA: Bool, wrapping: Bool) throws(CryptoError) {
        self.wrapping = wrapping
        ERR_clear_error()
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else {
            throw .fromQueue(.failed, "set up the private key")
        }
        unsafe self.context = unsafe context
        let started = unsafe wrapping ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context)
        guard started == 1, !isRSA || setOAEP() else { throw .fromQueue(.failed, operation) }
    }

    deinit {
        unsafe EVP_PKEY_CTX_free(context)
    }

    private func setOAEP() -> Bool {
        guard
            unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1
        else { return false }
        let label = Array("keys".utf8)
        // The context takes the copy over and frees it, but only when the call succeeds.
        guard let copy = unsafe CRYPTO_memdup(label, label.count, #fileID, #line) else { return false }
        guard unsafe EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, Int32(label.count)) == 1 else {
            unsafe CRYPTO_free(copy, #fileID, #line)
            return false
        }
        return true
    }

    func run(_ input: [UInt8]) throws(CryptoError) -> [UInt8] {
        let code = wrapping ? CryptoError.Code.failed : .cannotUnwrap
        var length = 0
        guard unsafe call(nil, &length, input) == 1 else { throw .fromQueue(code, operation) }
        var output = [UInt8](repeating: 0, count: length)
        guard unsafe call(&output, &length, input) == 1, length <= output.count else {
            throw .fromQueue(code, operation)
        }
        output.removeLast(output.count - length)
        return output
    }

    private func call(_ output: UnsafeMutablePointer<UInt8>?, _ length: inout Int, _ input: [UInt8]) -> Int32
    {
        unsafe wrapping
            ? EVP_PKEY_encrypt(context, output, &length, input, input.count)
            : EVP_PKEY_decrypt(context, output, &length, input, input.count)
    }
}
