// SPDX-License-Identifier: Apache-2.0
// Volumes whose objects are in a bucket, and copies between folders and buckets: one program writes, the
// other reads and checks.

import SluiceBase
import SluiceTestSupport
import Testing

@Suite(
    "Interoperability on buckets",
    .serialized,
    .enabled(
        if: Interop.isPossible && ObjectServer.isInstalled(.moto) && ObjectServer.isInstalled(.rclone),
        "needs the real juicefs and object servers (Tests/Scripts/install-peer.sh), root and /dev/fuse"
    )
)
struct BucketInteropTests {
    let volume: PeerVolume

    init() throws {
        volume = try PeerVolume()
    }

    private func storage(_ server: ObjectServer, _ name: String = "minio") -> [String] {
        [
            "--storage", name, "--bucket", "http://\(server.endpoint)/volbucket", "--access-key",
            ObjectServer.accessKey, "--secret-key", ObjectServer.secretKey,
        ]
    }

    @Test(
        "A volume that sluice formats and fills in a bucket is read and written by a real mount",
        arguments: [ObjectServer.Kind.moto, .rclone]
    )
    func filledByUs(_ kind: ObjectServer.Kind) throws {
        let server = try ObjectServer(kind)
        let words = ["format", "--quiet", volume.address, "vol", "--block-size", "64K", "--compress", "lz4"]
        let format = try volume.place.program(words + storage(server, kind == .moto ? "s3" : "minio")).run()
        #expect(format.status == 0, "\(format.story)")
        #expect(!format.story.contains(ObjectServer.secretKey))
        try volume.makeTree("source")
        let into = try volume.sluice("sync", "-a", "--quiet", volume.place.path("source/"), "jfs://V/in/")
        #expect(into.status == 0, "\(into.story)")
        let source = try volume.manifest(of: "source")
        var written = ""
        try volume.withMount {
            #expect(try volume.manifest(of: "mnt/in") == source)
            try volume.place.script("cd mnt/in; head -c 300000 /dev/urandom > more; rm zeros")
            written = try volume.manifest(of: "mnt/in")
        }
        try volume.expectClean("\(kind)")
        try volume.expectCopyOut(equals: written, of: "in/", into: "out")
    }

    @Test("A volume that the real program formats and fills in a bucket is checked and read by sluice")
    func filledByPeer() throws {
        let server = try ObjectServer(.rclone)
        let words = ["format", "--no-agent", volume.address, "vol", "--block-size", "64K"]
        let format = try volume.peerProgram(words + storage(server)).run()
        #expect(format.status == 0, "\(format.story)")
        var written = ""
        try volume.withMount {
            try volume.makeTree("mnt/data")
            written = try volume.manifest(of: "mnt/data")
        }
        try volume.expectClean()
        try volume.expectCopyOut(equals: written, of: "data/", into: "out")
    }

    @Test("sync copies a folder into a bucket, proven, and out again; the real sync agrees")
    func copies() throws {
        let server = try ObjectServer(.moto)
        let keys = "\(ObjectServer.accessKey):\(ObjectServer.secretKey.replacingSpecials)"
        let bucket = "minio://\(keys)@\(server.endpoint)/copies/p/"
        try volume.place.script(
            """
            mkdir -p source/deep/er
            for size in 1 4095 1048576 1048577 6000000 17000000; do
                head -c $size /dev/urandom > source/f$size
            done
            printf odd > 'source/deep/er/a b+c%20&é'; : > source/empty
            """
        )
        let none = try volume.sluice("sync", volume.place.path("source/"), bucket)
        #expect(none.status != 0)
        #expect(none.story.contains("NoSuchBucket"), "\(none.story)")
        #expect(!none.story.contains(ObjectServer.secretKey.replacingSpecials))
        // The real program's sync does not make buckets either; formatting does.
        let made = try volume.place.program(
            [
                "format", "--quiet", volume.place.address("made"), "made", "--storage", "minio", "--bucket",
                "http://\(server.endpoint)/copies", "--access-key", ObjectServer.accessKey, "--secret-key",
                ObjectServer.secretKey,
            ]
        ).run()
        #expect(made.status == 0, "\(made.story)")
        let into = try volume.sluice("sync", "--json", volume.place.path("source/"), bucket)
        #expect(into.status == 0, "\(into.story)")
        let again = try volume.sluice("sync", "--dry", volume.place.path("source/"), bucket)
        #expect(again.status == 0, "\(again.story)")
        let back = try volume.sluice("sync", bucket, volume.place.path("back/"))
        #expect(back.status == 0, "\(back.story)")
        try volume.place.script("diff --recursive source back")
        let peer = try volume.peer("sync", "--no-agent", "--check-all", volume.place.path("source/"), bucket)
        #expect(peer.status == 0, "\(peer.story)")
        #expect(peer.errorText.contains("copied: 0"), "\(peer.errorText)")
        let theirs = try volume.peer("sync", "--no-agent", bucket, volume.place.path("theirs/"))
        #expect(theirs.status == 0, "\(theirs.story)")
        try volume.place.script("diff --recursive source theirs")
        let delete = try volume.sluice(
            "sync",
            "--delete-dst",
            "--allow-empty-source",
            "--yes",
            volume.place.path("nothing/"),
            bucket
        )
        #expect(delete.status != 0, "a source that is not there deletes nothing")
    }

    @Test(
        "What only the bucket has is deleted, whatever times its server tells of it",
        arguments: [ObjectServer.Kind.moto, .rclone, .gateway]
    )
    func deletes(_ kind: ObjectServer.Kind) throws {
        let server = try ObjectServer(kind)
        let name = kind == .gateway ? ObjectServer.gatewayBucket : "volbucket"
        if kind != .gateway {
            let words = ["format", "--quiet", volume.place.address("made"), "made"]
            let made = try volume.place.program(words + storage(server)).run()
            #expect(made.status == 0, "\(made.story)")
        }
        let keys = "\(ObjectServer.accessKey):\(ObjectServer.secretKey.replacingSpecials)"
        let bucket = "minio://\(keys)@\(server.endpoint)/\(name)/p/"
        let source = volume.place.path("source/")
        try volume.place.script("mkdir source; for i in 1 2 3; do printf $i > source/$i; done")
        let into = try volume.sluice("sync", source, bucket)
        #expect(into.status == 0, "\(into.story)")
        try volume.place.script("rm source/1 source/2")
        let delete = try volume.sluice("sync", "--delete-dst", source, bucket)
        #expect(delete.status == 0, "\(delete.story)")
        let back = try volume.sluice("sync", bucket, volume.place.path("back/"))
        #expect(back.status == 0, "\(back.story)")
        #expect(try volume.place.script("ls back") == "3\n")
    }
}

extension String {
    /// Percent-encoded as far as the test's secret needs it.
    fileprivate var replacingSpecials: String {
        var text = ""
        for character in self {
            switch character {
            case "/": text += "%2F"
            case "+": text += "%2B"
            default: text.append(character)
            }
        }
        return text
    }
}
