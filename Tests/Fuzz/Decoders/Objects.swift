// SPDX-License-Identifier: Apache-2.0
// The bytes of objects: compressed blocks and encryption envelopes.

import BlockStore
import ObjectStorage
import SluiceBase

/// The first two bytes are the length that the block's name claims, the rest is what is stored.
@Sendable func checkBlocks(_ bytes: [UInt8]) throws(BrokenPromise) {
    guard bytes.count >= 2 else { return }
    let length = Int(bytes[0]) << 8 | Int(bytes[1])
    let stored = Array(bytes[2...])
    for codec in BlockCodecs.all {
        guard let block = try decompressed(stored, length, codec) else { continue }
        let bound = codec.compression.storedBound(ofBlockSize: length)
        var again = [UInt8](repeating: 0, count: bound)
        let count = try certain("a block") { () throws(BlockError) in
            try compress(block, into: &again, codec)
        }
        let back = try decompressed(Array(again[..<count]), length, codec)
        try promise(back == block, "a \(codec.compression.name) block changes when it is stored again")
    }
}

private enum BlockCodecs {
    static let all = Compression.allCases.map { BlockCodec($0) }
}

private func compress(
    _ block: [UInt8],
    into output: inout [UInt8],
    _ codec: BlockCodec,
) throws(BlockError) -> Int {
    let result: Result<Int, BlockError> = unsafe output.withUnsafeMutableBytes { output in
        unsafe block.withUnsafeBytes { block in
            do throws(BlockError) { return .success(try unsafe codec.compress(block, into: output)) } catch {
                return .failure(error)
            }
        }
    }
    return try result.get()
}

/// The block, nil when it was refused.
///
/// Bytes behind the block's place must stay as they are.
private func decompressed(
    _ stored: [UInt8],
    _ length: Int,
    _ codec: BlockCodec
) throws(BrokenPromise) -> [UInt8]? {
    let guardByte: UInt8 = 0xA5
    var output = [UInt8](repeating: guardByte, count: length + 64)
    let result: Result<Void, BlockError> = unsafe output.withUnsafeMutableBytes { output in
        unsafe stored.withUnsafeBytes { stored in
            let block = unsafe UnsafeMutableRawBufferPointer(rebasing: output[..<length])
            do throws(BlockError) { return .success(try unsafe codec.decompress(stored, into: block)) } catch
            {
                return .failure(error)
            }
        }
    }
    try promise(output[length...].allSatisfy { $0 == guardByte }, "bytes behind the block were written")
    return accepted { () throws(BlockError) in try result.get() }.map { Array(output[..<length]) }
}

/// An encrypted object, and its ciphertext under a key that is known.
@Sendable func checkEnvelope(_ bytes: [UInt8]) throws(BrokenPromise) {
    try promise(Keys.envelopes.count == 3, "the keys of the fixtures cannot be read")
    for envelope in Keys.envelopes {
        _ = accepted { () throws(EnvelopeError) in try envelope.open(bytes) }
    }
    guard bytes.count >= CipherSuite.nonceLength else { return }
    let nonce = Array(bytes[..<CipherSuite.nonceLength])
    let text = Array(bytes[CipherSuite.nonceLength...])
    for suite in CipherSuite.allCases {
        let key = [UInt8](repeating: 7, count: suite.keyLength)
        let cipher = try certain("a key") { () throws(CryptoError) in try AuthenticatedCipher(suite, key: key)
        }
        _ = accepted { () throws(CryptoError) in try cipher.open(text, nonce: nonce) }
        let sealed = try certain("a text") { () throws(CryptoError) in try cipher.seal(text, nonce: nonce) }
        let opened = try certain("a sealed text") { () throws(CryptoError) in
            try cipher.open(sealed, nonce: nonce)
        }
        try promise(opened == text, "a text changes when it is sealed and opened")
    }
}

/// The keys of Tests/Fixtures/encryption, which protect nothing.
private enum Keys {
    static let envelopes: [Envelope] = [
        ("aes", EncryptionAlgorithm.aes256GCM), ("chacha", .chaCha20), ("sm4", .sm4GCM),
    ].compactMap { folder, algorithm in
        let path = fixtures + "/encryption/\(folder)/key.pem"
        return accepted { () throws(SystemError) in try Posix.readWholeFile(ByteString(path), limit: 1 << 16)
        }
        .flatMap { pem in
            accepted { () throws(CryptoError) in try PrivateKey(pem: pem, passphrase: "sluice-test") }
        }
        .map { Envelope(algorithm, key: $0) }
    }

    /// This file is Tests/Fuzz/Decoders/Objects.swift.
    private static let fixtures =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Fixtures"
}
