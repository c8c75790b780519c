// SPDX-License-Identifier: Apache-2.0
// Changes of names (metadata-format §5.12, JuiceFS 1.4.2).

import SluiceBase
import VolumeModel

extension Change {
    /// - Parameters:
    ///   - mode: as asked for, before the umask.
    ///   - caller: whose ids are told even where a set-gid directory gives its own.
    static func create(
        _ inode: Inode,
        _ type: FileType,
        _ name: FileName,
        in parent: Inode,
        mode: UInt16,
        target: ByteString,
        caller: Caller,
        touchesParent: Bool,
    ) -> Change {
        Change(
            "CREATE",
            [
                .inode(parent), .name(name), .number(caller.uid), .number(caller.gid), .number(type.rawValue),
                .number(mode), .number(type == .symlink ? 0 : caller.umask), .name(target), .text("linux"),
                .flag(touchesParent),
            ],
            result: .inode(inode)
        )
    }

    static func link(
        _ inode: Inode,
        _ name: FileName,
        in parent: Inode,
        links: UInt32,
        touchesParent: Bool
    ) -> Change {
        Change(
            "LINK",
            [.inode(inode), .inode(parent), .name(name), .flag(touchesParent)],
            result: .number(links)
        )
    }

    /// - Parameter hour: the trash directory that took the name, 0 when it is gone for good.
    static func unlink(
        _ inode: Inode,
        _ name: FileName,
        in parent: Inode,
        hour: Inode,
        isOpen: Bool,
        touchesParent: Bool
    ) -> Change {
        Change(
            "UNLINK",
            [.inode(parent), .name(name), .inode(hour), .flag(isOpen), .flag(touchesParent)],
            result: .inode(inode)
        )
    }

    /// - Parameter hour: as at `unlink`.
    static func removeDirectory(_ inode: Inode, _ name: FileName, in parent: Inode, hour: Inode) -> Change {
        Change("RMDIR", [.inode(parent), .name(name), .inode(hour)], result: .inode(inode))
    }

    /// - Parameters:
    ///   - replaced: the node that had the new name, 0 for none.
    ///   - hour: where it went, as at `unlink`.
    static func rename(
        _ inode: Inode,
        _ name: FileName,
        in source: Inode,
        to newName: FileName,
        in destination: Inode,
        flags: RenameFlags,
        replaced: Inode,
        hour: Inode,
    ) -> Change {
        Change(
            "MOVE",
            [
                .inode(source), .name(name), .inode(destination), .name(newName), .number(flags.rawValue),
                .inode(replaced), .inode(hour),
            ],
            result: .inode(inode)
        )
    }

    static func clone(
        _ source: Inode,
        _ name: FileName,
        in parent: Inode,
        as inode: Inode,
        mode: CloneMode,
        umask: UInt16,
        isTop: Bool
    ) -> Change {
        Change(
            "CLONE",
            [
                .inode(source), .inode(parent), .name(name), .inode(inode), .number(mode.rawValue),
                .number(umask), .flag(isTop),
            ],
            result: .inode(inode)
        )
    }

    static func attach(_ inode: Inode, _ name: FileName, in parent: Inode) -> Change {
        Change("ATTACH", [.inode(inode), .inode(parent), .name(name)])
    }

    /// A detached node that is removed again.
    static func cleanUp(_ inode: Inode) -> Change {
        Change("CLEANUP", [.inode(inode)])
    }
}
