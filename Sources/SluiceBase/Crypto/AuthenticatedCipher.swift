// SPDX-License-Identifier: Apache-2.0
// The AEADs of encrypted volumes (data-format §1.5). SM4-GCM is libcrypto's own from OpenSSL 3.1 on; before that it is
// put together from SM4-CTR and GHASH in SM4GCM.swift, with the same result.

import CCrypto

/// An authenticated cipher with 12-byte nonces and 16-byte tags.
package enum CipherSuite: Sendable, Hashable, CaseIterable {
    case aes128GCM
    case aes256GCM
    case chaCha20Poly1305
    case sm4GCM

    /// Bytes.
    package var keyLength: Int {
        switch self {
        case .aes128GCM, .sm4GCM: 16
        case .aes256GCM, .chaCha20Poly1305: 32
        }
    }

    /// Bytes of the nonce that every suite takes.
    package static let nonceLength = 12
    /// Bytes that sealing adds.
    package static let tagLength = 16

    var libraryName: String {
        switch self {
        case .aes128GCM: "AES-128-GCM"
        case .aes256GCM: "AES-256-GCM"
        case .chaCha20Poly1305: "ChaCha20-Poly1305"
        case .sm4GCM: "SM4-GCM"
        }
    }
}

/// Seals and opens byte runs with one key, without additional data.
///
/// Safe to use from several threads.
package struct AuthenticatedCipher: Sendable {
    private let suite: CipherSuite
    private let key: [UInt8]
    /// Set where libcrypto lacks the suite.
    private let replacement: SM4GCM?

    /// - Throws: `CryptoError.badLength` for a key that is not `suite.keyLength` bytes.
    package init(_ suite: CipherSuite, key: [UInt8]) throws(CryptoError) {
        guard key.count == suite.keyLength else {
            throw CryptoError(.badLength, "set up \(suite.libraryName)", reason: "key of \(key.count) bytes")
        }
        self.suite = suite
        self.key = key
        if suite == .sm4GCM, !SM4GCM.libraryHasIt {
            replacement = try SM4GCM(key: key)
        } else {
            replacement = nil
        }
    }

    /// Encrypts; the result is ciphertext and tag.
    ///
    /// The nonce has 12 bytes and is never used twice with one key.
    /// - Throws: `CryptoError.badLength` for another nonce length.
    package func seal(_ plaintext: [UInt8], nonce: [UInt8]) throws(CryptoError) -> [UInt8] {
        try checkLengths(nonce, plaintext.count, "encrypt")
        if let replacement { return try replacement.seal(plaintext, nonce: nonce) }
        let sealed = try transform(plaintext, plaintext.count, nonce: nonce, encrypting: true)
        return sealed
    }

    /// Decrypts ciphertext and tag.
    /// - Throws: `CryptoError.notAuthentic` when key, nonce, ciphertext and tag do not belong together.
    package func open(_ sealed: [UInt8], nonce: [UInt8]) throws(CryptoError) -> [UInt8] {
        try checkLengths(nonce, sealed.count, "decrypt")
        guard sealed.count >= CipherSuite.tagLength else { throw CryptoError(.notAuthentic, "decrypt") }
        if let replacement { return try replacement.open(sealed, nonce: nonce) }
        return try transform(sealed, sealed.count - CipherSuite.tagLength, nonce: nonce, encrypting: false)
    }

    private func checkLengths(_ nonce: [UInt8], _ count: Int, _ operation: String) throws(CryptoError) {
        guard nonce.count == CipherSuite.nonceLength, count <= Int(Int32.max) - 64 else {
            throw CryptoError(
                .badLength,
                operation,
                reason: "nonce of \(nonce.count), text of \(count) bytes"
            )
        }
    }

    private func transform(
        _ input: [UInt8],
        _ textLength: Int,
        nonce: [UInt8],
        encrypting: Bool,
    ) throws(CryptoError) -> [UInt8] {
        let operation = encrypting ? "encrypt" : "decrypt"
        let context = try CipherContext(suite.libraryName, key: key, nonce: nonce, encrypting: encrypting)
        let capacity = encrypting ? textLength + CipherSuite.tagLength : textLength
        var failure: CryptoError?
        let output = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            unsafe input.withUnsafeBytes { source in
                let text = unsafe UnsafeRawBufferPointer(rebasing: source[..<textLength])
                let out = UnsafeMutableRawBufferPointer(buffer)
                guard unsafe context.update(text, into: out) else {
                    failure = .fromQueue(.failed, operation)
                    return
                }
                let tag = unsafe encrypting ? nil : UnsafeRawBufferPointer(rebasing: source[textLength...])
                guard unsafe context.finish(expecting: tag, into: out, at: textLength) else {
                    failure = .fromQueue(encrypting ? .failed : .notAuthentic, operation)
                    return
                }
                count = capacity
            }
        }
        if let failure { throw failure }
        return output
    }
}

/// Owns one EVP_CIPHER_CTX from init to deinit.
@safe final class CipherContext {
    private let context: OpaquePointer
    private let encrypting: Bool

    init(_ name: String, key: [UInt8], nonce: [UInt8], encrypting: Bool) throws(CryptoError) {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .fromQueue(.failed, "set up \(name)") }
        unsafe self.context = unsafe context
        self.encrypting = encrypting
        guard let cipher = unsafe EVP_CIPHER_fetch(nil, name, nil) else {
            throw .fromQueue(.unavailable, "set up \(name)")
        }
        defer { unsafe EVP_CIPHER_free(cipher) }
        guard unsafe EVP_CipherInit_ex(context, cipher, nil, key, nonce, encrypting ? 1 : 0) == 1 else {
            throw .fromQueue(.failed, "set up \(name)")
        }
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Writes as many bytes as it reads.
    func update(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        guard text.count > 0 else { return true }
        var written: Int32 = 0
        let from = unsafe text.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let to = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let done = unsafe EVP_CipherUpdate(context, to, &written, from, Int32(text.count))
        return done == 1 && Int(written) == text.count
    }

    /// Appends the tag at `offset` of the output, or compares it with the one expected.
    func finish(
        expecting tag: UnsafeRawBufferPointer?,
        into output: UnsafeMutableRawBufferPointer,
        at offset: Int,
    ) -> Bool {
        if let tag = unsafe tag {
            // libcrypto only reads through the pointer; its prototype lacks the const.
            let pointer = unsafe UnsafeMutableRawPointer(mutating: tag.baseAddress)
            let length = Int32(CipherSuite.tagLength)
            guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, length, pointer) == 1 else {
                return false
            }
        }
        var nothing: [UInt8] = [UInt8](repeating: 0, count: 32)
        var written: Int32 = 0
        guard unsafe EVP_CipherFinal_ex(context, &nothing, &written) == 1, written == 0 else { return false }
        guard encrypting else { return true }
        let place = unsafe output.baseAddress?.advanced(by: offset)
        let length = Int32(CipherSuite.tagLength)
        return unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, length, place) == 1
    }
}
