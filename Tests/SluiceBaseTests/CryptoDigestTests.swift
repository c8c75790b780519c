// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Testing

@Suite("Digests and encodings")
struct CryptoDigestTests {
    private let abc = Array("abc".utf8)

    @Test("Digests match the published vectors for abc")
    func published() throws {
        #expect(Hex.encode(Digest.md5(abc)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(Hex.encode(Digest.sha1(abc)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            Hex.encode(Digest.sha256(abc))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            Hex.encode(try Digest.sm3(abc))
                == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        )
        #expect(Hex.encode(Digest.md5([])) == "d41d8cd98f00b204e9800998ecf8427e")
    }

    @Test("HMAC-SHA256 matches RFC 4231 cases 1 and 2")
    func hmac() {
        let first = Digest.hmacSHA256(key: [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8))
        #expect(Hex.encode(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = Digest.hmacSHA256(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(Hex.encode(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("A stream gives the digest of everything so far and stays open")
    func streams() {
        let sha = SHA256Stream()
        let md5 = MD5Stream()
        sha.update([])
        sha.update(Array("a".utf8))
        md5.update(Array("ab".utf8))
        #expect(sha.digest() == Digest.sha256(Array("a".utf8)))
        #expect(md5.digest() == Digest.md5(Array("ab".utf8)))
        sha.update(Array("bc".utf8))
        md5.update(Array("c".utf8))
        #expect(sha.digest() == Digest.sha256(abc))
        #expect(md5.digest() == Digest.md5(abc))
    }

    @Test(
        "Base64 matches RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func base64(plain: String, coded: String) throws {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(try Base64.decode(coded) == Array(plain.utf8))
    }

    @Test(
        "Base64 refuses what is not base64",
        arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v=", "Zm 9v", "====", "Z===", "Zm9é"]
    )
    func base64Refuses(coded: String) {
        #expect(throws: CodecError.self) { try Base64.decode(coded) }
    }

    @Test("Base64 skips line ends and keeps every byte")
    func base64Bytes() throws {
        let all = (0...255).map { UInt8($0) }
        #expect(try Base64.decode(Base64.encode(all)) == all)
        #expect(try Base64.decode("Zm9v\r\nYmFy\n") == Array("foobar".utf8))
    }

    @Test("Hex reads both cases and refuses the rest")
    func hex() throws {
        #expect(Hex.encode([0x00, 0xAB, 0xFF]) == "00abff")
        #expect(try Hex.decode("00aBFf") == [0x00, 0xAB, 0xFF])
        #expect(throws: CodecError.self) { try Hex.decode("0") }
        #expect(throws: CodecError.self) { try Hex.decode("0g") }
    }

    @Test("FNV-1a matches its published vectors")
    func fnv() {
        #expect(FNV1a.hash32([]) == 0x811C_9DC5)
        #expect(FNV1a.hash32(Array("a".utf8)) == 0xE40C_292C)
        #expect(FNV1a.hash32(Array("foobar".utf8)) == 0xBF9C_F968)
    }

    @Test("A random UUID is version 4 text and differs every time")
    func uuid() throws {
        let text = UUID.random()
        let bytes = Array(text.utf8)
        try #require(bytes.count == 36)
        #expect([8, 13, 18, 23].allSatisfy { bytes[$0] == UInt8(ascii: "-") })
        #expect(bytes[14] == UInt8(ascii: "4"))
        #expect(Array("89ab".utf8).contains(bytes[19]))
        #expect(UUID.random() != text)
        #expect(randomBytes(0).isEmpty)
        #expect(randomBytes(13).count == 13)
    }
}
