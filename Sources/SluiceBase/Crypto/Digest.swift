// SPDX-License-Identifier: Apache-2.0
// Message digests of libcrypto. SHA-256 and MD5 belong to every build that can open a volume at all, so their absence
// is a fault of the installation and stops the program; SM3 may really be missing and throws.

import CCrypto

/// Digests of bytes that are in memory.
package enum Digest {
    /// 16 bytes.
    ///
    /// Only for formats that prescribe it: MD5 proves nothing.
    package static func md5(_ bytes: [UInt8]) -> [UInt8] {
        required("MD5", bytes)
    }

    /// 20 bytes.
    ///
    /// Only for formats that prescribe it.
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        required("SHA1", bytes)
    }

    /// 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        required("SHA256", bytes)
    }

    /// 32 bytes.
    /// - Throws: `CryptoError.unavailable` where libcrypto was built without SM3.
    package static func sm3(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let digest = oneShot("SM3", bytes) else {
            throw .fromQueue(.unavailable, "compute SM3")
        }
        return digest
    }

    /// HMAC-SHA256 of `bytes`, 32 bytes.
    package static func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        var length: UInt32 = 0
        let tag = unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            let made = unsafe HMAC(
                EVP_sha256(),
                key,
                Int32(key.count),
                bytes,
                bytes.count,
                buffer.baseAddress,
                &length
            )
            precondition(unsafe made != nil, "libcrypto without HMAC-SHA256 cannot serve this program")
            count = Int(length)
        }
        return tag
    }

    private static func required(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        guard let digest = oneShot(name, bytes) else {
            preconditionFailure("libcrypto without \(name) cannot serve this program")
        }
        return digest
    }

    private static func oneShot(_ name: String, _ bytes: [UInt8]) -> [UInt8]? {
        var length = 0
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        guard unsafe EVP_Q_digest(nil, name, nil, bytes, bytes.count, &digest, &length) == 1 else {
            return nil
        }
        digest.removeLast(digest.count - length)
        return digest
    }
}

/// SHA-256 of bytes that arrive in runs.
///
/// One thread at a time.
package final class SHA256Stream {
    private let stream: DigestStream

    package init() {
        unsafe stream = DigestStream(EVP_sha256())
    }

    package func update(_ run: UnsafeRawBufferPointer) {
        unsafe stream.update(run)
    }

    package func update(_ run: [UInt8]) {
        stream.update(run)
    }

    /// The digest of everything so far, 32 bytes; more may be added afterwards.
    package func digest() -> [UInt8] {
        stream.digest()
    }
}

/// MD5 of bytes that arrive in runs, for stores that compare Content-MD5.
///
/// One thread at a time.
package final class MD5Stream {
    private let stream: DigestStream

    package init() {
        unsafe stream = DigestStream(EVP_md5())
    }

    package func update(_ run: UnsafeRawBufferPointer) {
        unsafe stream.update(run)
    }

    package func update(_ run: [UInt8]) {
        stream.update(run)
    }

    /// The digest of everything so far, 16 bytes; more may be added afterwards.
    package func digest() -> [UInt8] {
        stream.digest()
    }
}

/// Owns one EVP_MD_CTX from init to deinit.
@safe private final class DigestStream {
    private let context: OpaquePointer

    init(_ algorithm: OpaquePointer?) {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, algorithm, nil) == 1
        else {
            preconditionFailure("libcrypto without this digest cannot serve this program")
        }
        unsafe self.context = unsafe context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    func update(_ run: UnsafeRawBufferPointer) {
        guard run.count > 0 else { return }
        let done = unsafe EVP_DigestUpdate(context, run.baseAddress, run.count)
        precondition(done == 1, "a started digest takes bytes")
    }

    func update(_ run: [UInt8]) {
        unsafe run.withUnsafeBytes { unsafe update($0) }
    }

    func digest() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        // A copy is finished, so that the stream stays open.
        guard let copy = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        defer { unsafe EVP_MD_CTX_free(copy) }
        let done =
            unsafe EVP_MD_CTX_copy_ex(copy, context) == 1
            && EVP_DigestFinal_ex(copy, &digest, &length) == 1
        precondition(done, "a started digest can be finished")
        digest.removeLast(digest.count - Int(length))
        return digest
    }
}
