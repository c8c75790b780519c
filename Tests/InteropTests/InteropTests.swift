// SPDX-License-Identifier: Apache-2.0
// Volumes that sluice makes and fills, and what the real program says of them. One suite, one test after the
// other: each has a mount, and a machine has few processors.

import SluiceBase
import SluiceTestSupport
import Testing

@Suite("Interoperability", .serialized, .enabled(if: Interop.isPossible, Interop.reason))
struct InteropTests {
    let volume: PeerVolume

    init() throws {
        volume = try PeerVolume()
    }

    /// A way to format a volume.
    struct Kind: Sendable, CustomTestStringConvertible {
        var engine = EngineKind.sqlite
        var compression = "none"
        var hashPrefix = false
        var cipher: (key: String, algorithm: String)?
        var shards = 0

        var testDescription: String {
            let cipher = cipher?.algorithm ?? "plain"
            return "\(engine.rawValue), \(compression), \(cipher), hash \(hashPrefix), shards \(shards)"
        }

        /// The options of `format`, which are the same for both programs.
        func options(store: String) -> [String] {
            var options = [
                "--block-size", "64K", "--compress", compression, "--bucket",
                shards > 0 ? "\(store)-%d" : store,
            ]
            if hashPrefix { options.append("--hash-prefix") }
            if shards > 0 { options += ["--shards", "\(shards)"] }
            if let cipher {
                options += ["--encrypt-rsa-key", Interop.key(cipher.key), "--encrypt-algo", cipher.algorithm]
            }
            return options
        }

        static let ciphers: [(String, String)?] = [
            nil, ("aes", "aes256gcm-rsa"), ("chacha", "chacha20-rsa"), ("sm4", "sm4gcm"),
        ]

        /// Every combination.
        static let all: [Kind] = ["none", "lz4", "zstd"].flatMap { compression in
            [false, true].flatMap { hashPrefix in
                ciphers.flatMap { cipher in
                    [0, 3].map { shards in
                        Kind(
                            compression: compression,
                            hashPrefix: hashPrefix,
                            cipher: cipher.map { (key: $0.0, algorithm: $0.1) },
                            shards: shards
                        )
                    }
                }
            }
        }

        /// A few that have everything once, and every engine.
        static let some = [
            Kind(), Kind(compression: "lz4", hashPrefix: true, shards: 3),
            Kind(compression: "zstd", cipher: (key: "aes", algorithm: "aes256gcm-rsa")),
            Kind(hashPrefix: true, cipher: (key: "chacha", algorithm: "chacha20-rsa"), shards: 3),
            Kind(compression: "lz4", cipher: (key: "sm4", algorithm: "sm4gcm")),
            Kind(engine: .redis), Kind(engine: .postgres, compression: "lz4"),
        ]
    }

    private func format(_ kind: Kind) throws -> PeerVolume {
        let volume = try PeerVolume(kind.engine)
        let words =
            ["format", "--quiet", volume.address, "vol"] + kind.options(store: volume.place.path("store"))
        let result = try volume.place.program(words, environment: Interop.passphrase).run()
        guard result.status == 0 else { throw ProgramError(description: result.story) }
        return volume
    }

    @Test("The real program accepts every kind of volume that sluice formats and fills", arguments: Kind.all)
    func everyKind(_ kind: Kind) throws {
        let volume = try format(kind)
        try volume.place.script(
            """
            mkdir source
            head -c 200000 /dev/urandom > source/random; head -c 150000 /dev/zero > source/zeros
            """
        )
        let into = try volume.sluice("sync", "--quiet", volume.place.path("source/"), "jfs://V/")
        #expect(into.status == 0, "\(into.story)")
        let status = try volume.peer("status", volume.address)
        #expect(status.status == 0, "\(status.story)")
        #expect(try status.json() == volume.sluice("status", volume.address).json())
        let check = try volume.peer("fsck", volume.address)
        #expect(check.status == 0, "\(check.story)")
        let own = try volume.sluice("fsck", "--data", volume.address)
        #expect(own.status == 0, "\(own.story)")
        let out = try volume.sluice("sync", "--quiet", "jfs://V/", volume.place.path("out/"))
        #expect(out.status == 0, "\(out.story)")
        try volume.place.script("diff --recursive source out")
    }

    @Test("What sluice synced in is read by a real mount, which goes on writing", arguments: Kind.some)
    func filledByUs(_ kind: Kind) throws {
        let volume = try format(kind)
        try volume.makeTree("source")
        let into = try volume.sluice("sync", "-a", "--quiet", volume.place.path("source/"), "jfs://V/in/")
        #expect(into.status == 0, "\(into.story)")
        let source = try volume.manifest(of: "source")
        var written = ""
        try volume.withMount {
            #expect(try volume.manifest(of: "mnt/in") == source)
            try volume.place.script(
                """
                cd mnt/in
                head -c 300000 /dev/urandom > more
                head -c 1000 /dev/urandom | dd of=size-200000 bs=1 seek=70000 conv=notrunc status=none
                truncate -s 100000 size-1500000
                rm zeros; mv tool deep/er/tool; mkdir new; cp sparse new/sparse; ln more new/more
                setfattr -n user.later -v 1 more
                """
            )
            written = try volume.manifest(of: "mnt/in")
        }
        try volume.expectClean("\(kind.testDescription)")
        try volume.expectCopyOut(equals: written, of: "in/", into: "out")
    }
}
