// SPDX-License-Identifier: Apache-2.0
// Dumps in both directions: each program loads what the other dumped, and both find nothing to complain of.

import SluiceBase
import SluiceTestSupport
import Testing

extension InteropTests {
    /// A volume with a tree that the real program wrote.
    private func fill() throws {
        let made = try volume.peer(
            "format",
            "--no-agent",
            "--storage",
            "file",
            "--bucket",
            volume.place.path("store/"),
            "--enable-acl",
            volume.address,
            "vol"
        )
        try #require(made.status == 0, "\(made.story)")
        try volume.withMount {
            try volume.place.script(
                """
                cd mnt
                mkdir -p a/b 'sp ace'
                head -c 200000 /dev/urandom > a/large
                printf x > a/b/small
                ln a/b/small a/again
                ln -s ../a/large a/b/link
                mkfifo a/pipe
                setfattr -n user.k -v 'v%"' a/large
                setfacl -m u:1001:rw a/large
                truncate -s 70M a/sparse
                printf y > a/gone
                rm a/gone
                """
            )
        }
    }

    private func expectClean(_ address: String) throws {
        let theirs = try volume.peer("fsck", "--no-agent", address)
        #expect(theirs.status == 0, "\(theirs.story)")
        let ours = try volume.sluice("fsck", address)
        #expect(ours.status == 0, "\(ours.story)")
    }

    @Test("the real program loads our dump", arguments: ["", ".gz", ".zstd"])
    func dumpsForThePeer(suffix: String) throws {
        try fill()
        let file = volume.place.path("dump.json\(suffix)")
        let dumped = try volume.sluice("dump", volume.address, file)
        try #require(dumped.status == 0, "\(dumped.story)")
        let copy = volume.place.address("copy")
        let loaded = try volume.peer("load", "--no-agent", copy, file)
        #expect(loaded.status == 0, "\(loaded.story)")
        try expectClean(copy)
    }

    @Test("we load the real program's dump", arguments: ["", ".gz", ".zstd"])
    func loadsFromThePeer(suffix: String) throws {
        try fill()
        let file = volume.place.path("dump.json\(suffix)")
        let dumped = try volume.peer("dump", "--no-agent", volume.address, file)
        try #require(dumped.status == 0, "\(dumped.story)")
        let copy = volume.place.address("copy")
        let loaded = try volume.sluice("load", copy, file)
        #expect(loaded.status == 0, "\(loaded.story)")
        try expectClean(copy)
    }
}
