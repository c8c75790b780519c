// SPDX-License-Identifier: Apache-2.0
// GCM (NIST SP 800-38D) over libcrypto's SM4-CTR, for OpenSSL 3.0, which has the block cipher but not the
// mode. Only 12-byte nonces, which is all that the volume format uses. Checked against RFC 8998 and against
// a volume that JuiceFS 1.4.2 wrote.

import CCrypto

/// SM4-GCM for a libcrypto without it.
struct SM4GCM: Sendable {
    private let key: [UInt8]
    private let table: GHASHTable

    /// Whether libcrypto has the cipher itself, from OpenSSL 3.1 on.
    static let libraryHasIt: Bool = {
        guard let cipher = unsafe EVP_CIPHER_fetch(nil, "SM4-GCM", nil) else {
            ERR_clear_error()
            return false
        }
        unsafe EVP_CIPHER_free(cipher)
        return true
    }()

    init(key: [UInt8]) throws(CryptoError) {
        self.key = key
        // Counter mode over zeros from counter zero gives the cipher of the zero block, GCM's hash key.
        let zeros = [UInt8](repeating: 0, count: 16)
        table = GHASHTable(try Self.countered(zeros, key: key, counter: zeros))
    }

    func seal(
        _ plaintext: [UInt8],
        nonce: [UInt8],
        additional: [UInt8] = [],
    ) throws(CryptoError) -> [UInt8] {
        let (mask, ciphertext) = try crypt(plaintext[...], nonce: nonce)
        return ciphertext + tag(of: ciphertext[...], additional, mask: mask)
    }

    func open(
        _ sealed: [UInt8],
        nonce: [UInt8],
        additional: [UInt8] = [],
    ) throws(CryptoError) -> [UInt8] {
        let ciphertext = sealed.dropLast(CipherSuite.tagLength)
        let (mask, plaintext) = try crypt(ciphertext, nonce: nonce)
        let expected = tag(of: ciphertext, additional, mask: mask)
        let given = Array(sealed.suffix(CipherSuite.tagLength))
        guard unsafe CRYPTO_memcmp(expected, given, CipherSuite.tagLength) == 0 else {
            throw CryptoError(.notAuthentic, "decrypt")
        }
        return plaintext
    }

    /// Runs counter mode from GCM's first counter block: the first 16 bytes mask the tag, the rest is the
    /// text.
    ///
    /// libcrypto counts in 128 bits and GCM in 32; they agree as long as a text is shorter than 64 GiB, and
    /// `AuthenticatedCipher` takes less than 2 GiB.
    private func crypt(_ text: ArraySlice<UInt8>, nonce: [UInt8]) throws(CryptoError) -> ([UInt8], [UInt8]) {
        let padded = [UInt8](repeating: 0, count: 16) + text
        let output = try Self.countered(padded, key: key, counter: nonce + [0, 0, 0, 1])
        return (Array(output.prefix(16)), Array(output.dropFirst(16)))
    }

    private static func countered(
        _ text: [UInt8],
        key: [UInt8],
        counter: [UInt8],
    ) throws(CryptoError) -> [UInt8] {
        let context = try CipherContext("SM4-CTR", key: key, nonce: counter, encrypting: true)
        var done = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: text.count) { buffer, count in
            done = unsafe text.withUnsafeBytes {
                unsafe context.update($0, into: UnsafeMutableRawBufferPointer(buffer))
            }
            count = done ? text.count : 0
        }
        guard done else { throw .fromQueue(.failed, "run SM4") }
        return output
    }

    private func tag(of ciphertext: ArraySlice<UInt8>, _ additional: [UInt8], mask: [UInt8]) -> [UInt8] {
        var hash = table.hash(ciphertext, additional: additional)
        for index in hash.indices { hash[index] ^= mask[index] }
        return hash
    }
}
