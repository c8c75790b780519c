// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Maintenance
import Metadata
import SluiceBase
import VolumeModel

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show who owns what: path, inode, chunk, slice and object.",
        discussion:
            "Reads the metadata alone; no mount is needed. A slice or object is looked up by a scan over all "
            + "chunks.\n\n" + ExitStatus.help
    )

    @Argument(help: ArgumentHelp("Address of the metadata engine.", valueName: "META-URL"))
    var address: String

    @OptionGroup var subject: SubjectOptions

    @Option(help: ArgumentHelp("A slice, by its id.", valueName: "ID"))
    var slice: UInt64?

    @Option(help: ArgumentHelp("An object, by its key, with or without the volume's name.", valueName: "KEY"))
    var object: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard subject.count + (slice == nil ? 0 : 1) + (object == nil ? 0 : 1) == 1 else {
            throw ValidationError("name one thing: --path, --inode, --slice or --object")
        }
    }

    func run() throws {
        let volume = try Wiring.volume(address)
        defer { volume.engine.close() }
        if let inode = try subject.inodes(in: volume).first {
            let explanation = try explainNode(inode, of: volume)
            guard !output.json else {
                return Console.out(JSONReport.text(ExplainReport.json(of: explanation)))
            }
            for line in ExplainReport.lines(of: explanation) { Console.out(line) }
            return
        }
        let id = try slice ?? block(named: ByteString(object ?? ""), of: volume.settings).sliceID
        let explanation = try explainSlice(id, of: volume)
        guard !output.json else { return Console.out(JSONReport.text(ExplainReport.json(of: explanation))) }
        for line in ExplainReport.lines(of: explanation) { Console.out(line) }
    }
}

/// Names nodes by path or inode.
struct SubjectOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A path inside the volume, from its root.", valueName: "PATH"))
    var path: [String] = []

    @Option(
        name: [.customShort("i"), .customLong("inode")],
        help: ArgumentHelp("An inode.", valueName: "INODE")
    )
    var inode: [UInt64] = []

    var count: Int { path.count + inode.count }

    /// The nodes, paths resolved without following a link at their end.
    func inodes(in volume: Volume) throws -> [Inode] {
        try path.map { try resolve($0, in: volume) } + inode.map { Inode($0) }
    }

    private func resolve(_ path: String, in volume: Volume) throws -> Inode {
        do {
            return try volume.resolve(ByteString(path), followLinks: false).inode
        } catch let error as VolumeError where error.code == .noEntry {
            throw Failure("\(path): no such file or directory")
        }
    }
}
