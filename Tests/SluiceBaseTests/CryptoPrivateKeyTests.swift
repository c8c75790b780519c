// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Private keys")
struct CryptoPrivateKeyTests {
    @Test("Keys in the forms that JuiceFS stores are read", arguments: ["aes", "chacha", "sm4"])
    func reads(volume: String) throws {
        let pem = try fixture("encryption/\(volume)/key.pem")
        let key = try PrivateKey(pem: pem, passphrase: "sluice-test")
        let dataKey = randomBytes(32)
        let wrapped = try key.wrap(dataKey)
        #expect(wrapped.count == 256)
        #expect(try key.unwrap(wrapped) == dataKey)
        #expect(code { try PrivateKey(pem: pem, passphrase: nil) } == .needsPassphrase)
        #expect(code { try PrivateKey(pem: pem, passphrase: "sluice-tesT") } == .wrongPassphrase)
        #expect(code { try PrivateKey(pem: pem, passphrase: "") } == .wrongPassphrase)
    }

    @Test("A damaged data key cannot be unwrapped")
    func damaged() throws {
        let key = try PrivateKey(pem: try fixture("encryption/aes/key.pem"), passphrase: "sluice-test")
        var wrapped = try key.wrap(randomBytes(32))
        wrapped[100] ^= 1
        #expect(code { try key.unwrap(wrapped) } == .cannotUnwrap)
        #expect(code { try key.unwrap([]) } == .cannotUnwrap)
        #expect(code { try key.unwrap([UInt8](repeating: 9, count: 10_000)) } == .cannotUnwrap)
    }

    @Test("An SM2 key wraps and unwraps; a passphrase for a clear key is ignored")
    func sm2() throws {
        let key = try PrivateKey(pem: Array(sm2PEM.utf8), passphrase: "unused")
        let dataKey = randomBytes(16)
        let wrapped = try key.wrap(dataKey)
        #expect(wrapped.first == 0x30)
        #expect(try key.unwrap(wrapped) == dataKey)
        #expect(code { try key.unwrap(Array(wrapped.dropLast())) } == .cannotUnwrap)
    }

    @Test("What is no usable key is told apart")
    func refuses() throws {
        #expect(code { try PrivateKey(pem: [], passphrase: nil) } == .malformedKey)
        #expect(code { try PrivateKey(pem: Array("no key".utf8), passphrase: "x") } == .malformedKey)
        #expect(code { try PrivateKey(pem: Array(ed25519PEM.utf8), passphrase: nil) } == .unsupportedKey)
        let cut = try fixture("encryption/aes/key.pem").prefix(900)
        #expect(code { try PrivateKey(pem: Array(cut), passphrase: "sluice-test") } == .malformedKey)
    }

    /// The settings hold the PEM under a key that is made from the volume's UUID (data-format §1.5).
    @Test("The stored key of every algorithm is deciphered", arguments: ["aes", "chacha", "sm4"])
    func settings(volume: String) throws {
        let lines = try fixture("encryption/\(volume)/settings.txt").split(separator: UInt8(ascii: "\n"))
        try #require(lines.count == 3)
        let identifier = Array(lines[0])
        let stored = try Base64.decode(Array(lines[2]))
        let isSM4 = Array(lines[1]) == Array("sm4gcm".utf8)
        let key =
            isSM4 ? Array(try Digest.sm3(identifier + [0, 0, 0, 1]).prefix(16)) : Digest.md5(identifier)
        let cipher = try AuthenticatedCipher(isSM4 ? .sm4GCM : .aes128GCM, key: key)
        let pem = try cipher.open(Array(stored.dropFirst(12)), nonce: Array(stored.prefix(12)))
        #expect(pem == (try fixture("encryption/\(volume)/key.pem")))
    }

    private func code(_ body: () throws -> some Any) -> CryptoError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? CryptoError)?.code
        }
    }
}

// Made with "openssl genpkey" for these tests; they protect nothing.
private let sm2PEM = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgD5+lj4OjEzj97NPR
    HcK4zLe3e/owWCsN9PfeCYYjsQuhRANCAAQDFMX/xHc7Tnzg9llMt6snrQyW6OjI
    5v0TmchEmFlc5mESjTp9gcHYz9cwhs2WmhMRvQVqkbu2LqBVuIfbYvee
    -----END PRIVATE KEY-----
    """

private let ed25519PEM = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIEQ+eriMj+hDsVZFJmzEjj+gPUWjHKF4PAFuUKMnPiSg
    -----END PRIVATE KEY-----
    """
