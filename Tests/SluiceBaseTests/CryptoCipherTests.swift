// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SluiceBase

@Suite("Authenticated ciphers")
struct CryptoCipherTests {
    @Test("AES-128-GCM matches the GCM specification's test case 3")
    func aes128() throws {
        let cipher = try AuthenticatedCipher(
            .aes128GCM,
            key: try Hex.decode("feffe9928665731c6d6a8f9467308308")
        )
        let sealed = try cipher.seal(Self.gcmPlaintext(), nonce: try Hex.decode("cafebabefacedbaddecaf888"))
        #expect(
            Hex.encode(sealed) == "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
                + "4d5c2af327cd64a62cf35abd2ba6fab4"
        )
    }

    @Test("AES-256-GCM matches the GCM specification's test case 15")
    func aes256() throws {
        let key = try Hex.decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let cipher = try AuthenticatedCipher(.aes256GCM, key: key)
        let sealed = try cipher.seal(Self.gcmPlaintext(), nonce: try Hex.decode("cafebabefacedbaddecaf888"))
        #expect(
            Hex.encode(sealed) == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
                + "b094dac5d93471bdec1a502270e3cc6c"
        )
    }

    @Test("SM4-GCM matches RFC 8998 A.1")
    func sm4() throws {
        let cipher = try SM4GCM(key: try Hex.decode("0123456789abcdeffedcba9876543210"))
        let plaintext = try Hex.decode(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
                + "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
        )
        let nonce = try Hex.decode("00001234567800000000abcd")
        let additional = try Hex.decode("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let sealed = try cipher.seal(plaintext, nonce: nonce, additional: additional)
        #expect(
            Hex.encode(sealed) == "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                + "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
                + "83de3541e4c2b58177e065a9bf7b62ec"
        )
        #expect(try cipher.open(sealed, nonce: nonce, additional: additional) == plaintext)
    }

    @Test("Every length comes back as it was", arguments: CipherSuite.allCases)
    func roundTrip(suite: CipherSuite) throws {
        let cipher = try AuthenticatedCipher(suite, key: randomBytes(suite.keyLength))
        for length in [0, 1, 15, 16, 17, 31, 33, 65_536, 100_003] {
            let nonce = randomBytes(CipherSuite.nonceLength)
            let plaintext = randomBytes(length)
            let sealed = try cipher.seal(plaintext, nonce: nonce)
            #expect(sealed.count == length + CipherSuite.tagLength)
            #expect(try cipher.open(sealed, nonce: nonce) == plaintext)
        }
    }

    @Test("A changed byte, nonce or key is not authentic", arguments: CipherSuite.allCases)
    func tampering(suite: CipherSuite) throws {
        let key = randomBytes(suite.keyLength)
        let nonce = randomBytes(CipherSuite.nonceLength)
        let cipher = try AuthenticatedCipher(suite, key: key)
        let sealed = try cipher.seal(randomBytes(40), nonce: nonce)
        for position in [0, 20, 39, 40, 55] {
            var changed = sealed
            changed[position] ^= 1
            #expect(Self.codeOfOpening(cipher, changed, nonce) == .notAuthentic)
        }
        #expect(Self.codeOfOpening(cipher, sealed.dropLast(), nonce) == .notAuthentic)
        #expect(Self.codeOfOpening(cipher, sealed.prefix(10), nonce) == .notAuthentic)
        #expect(Self.codeOfOpening(cipher, sealed[...], randomBytes(12)) == .notAuthentic)
        let other = try AuthenticatedCipher(suite, key: randomBytes(suite.keyLength))
        #expect(Self.codeOfOpening(other, sealed[...], nonce) == .notAuthentic)
    }

    @Test("Wrong lengths of key and nonce are refused", arguments: CipherSuite.allCases)
    func lengths(suite: CipherSuite) throws {
        #expect(throws: CryptoError.self) { try AuthenticatedCipher(suite, key: [1, 2, 3]) }
        let cipher = try AuthenticatedCipher(suite, key: randomBytes(suite.keyLength))
        #expect(Self.codeOfOpening(cipher, [UInt8](repeating: 0, count: 40)[...], [1, 2]) == .badLength)
    }

    private static func gcmPlaintext() throws -> [UInt8] {
        try Hex.decode(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
        )
    }

    private static func codeOfOpening(
        _ cipher: AuthenticatedCipher,
        _ sealed: some Sequence<UInt8>,
        _ nonce: [UInt8],
    ) -> CryptoError.Code? {
        do throws(CryptoError) {
            _ = try cipher.open(Array(sealed), nonce: nonce)
            return nil
        } catch {
            return error.code
        }
    }
}
