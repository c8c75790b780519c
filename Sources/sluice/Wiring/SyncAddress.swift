// SPDX-License-Identifier: Apache-2.0
// The two addresses of `sync`: local paths, `file://`, `jfs://` and buckets (sync.md §a.1).

import BlockStore
import BucketSync
import Metadata
import ObjectDrivers
import ObjectStorage
import SluiceBase
import VirtualFS
import VolumeModel

/// An address as the user wrote it, taken apart.
struct SyncAddress: Hashable {
    enum Place: Hashable {
        /// An absolute path; without a slash at the end a plain prefix of paths.
        case folder(ByteString)
        /// A volume by the address of its engine, and the path or prefix in it without a leading slash.
        case volume(engine: String, name: String, path: ByteString)
        /// A bucket, and the prefix in it.
        case bucket(BucketAddress)
    }

    let place: Place

    /// - Parameter isPlain: HTTP rather than HTTPS, where the address does not say.
    /// - Throws: `Failure` with `.usage` for anything that this version does not know.
    init(
        _ text: String,
        isPlain: Bool = false,
        environment: (String) -> String? = Posix.environment,
    ) throws {
        guard let scheme = text.range(of: "://") else {
            place =
                text.contains(":")
                ? .bucket(try BucketAddress(sftp: text[...], of: text))
                : .folder(try Self.absolute(ByteString(text)))
            return
        }
        let rest = text[scheme.upperBound...]
        switch text[..<scheme.lowerBound] {
        case "file":
            place = .folder(try Self.absolute(try Self.decoded(rest, of: text)))
        case "jfs":
            let name = rest.prefix { $0 != "/" }
            let path = try Self.decoded(rest.dropFirst(name.count).drop { $0 == "/" }, of: text)
            guard rest.count > name.count, !name.isEmpty else {
                throw Failure(
                    "'\(redactedAddress(text))' names no path in the volume",
                    hint: "volumes are written jfs://NAME/PATH",
                    status: .usage
                )
            }
            let decoded = ByteString(try Self.decoded(name, of: text).bytes).description
            place = .volume(engine: try Self.engine(decoded, environment), name: decoded, path: path)
        case let scheme where (StorageDriver.s3.names + StorageDriver.webdav.names).contains(String(scheme)):
            place = .bucket(try BucketAddress(scheme: String(scheme), rest, isPlain: isPlain, of: text))
        case "redis", "rediss":
            place = .bucket(try BucketAddress(redis: text[..<scheme.lowerBound], rest, of: text))
        case "postgres", "postgresql": place = .bucket(try BucketAddress(postgres: rest, of: text))
        case "sqlite3", "sqlite": place = .bucket(try BucketAddress(sqlite: rest, of: text))
        case "sftp": place = .bucket(try BucketAddress(sftp: rest, of: text))
        default: throw Self.unknown(text)
        }
    }

    /// Whether the address means everything in a folder rather than all names that begin so.
    var isFolder: Bool {
        switch place {
        case .folder(let path): path.hasSuffix(UInt8(ascii: "/"))
        case .volume(_, _, let path): path.isEmpty || path.hasSuffix(UInt8(ascii: "/"))
        case .bucket(let bucket): bucket.prefix.isEmpty || bucket.prefix.hasSuffix(UInt8(ascii: "/"))
        }
    }

    /// Both ends must be of one kind.
    static func requireSameKind(_ source: SyncAddress, _ destination: SyncAddress) throws {
        guard source.isFolder != destination.isFolder else { return }
        throw Failure(
            "the source and the destination must both end in / or both not",
            hint: "without / at its end an address is a prefix of names",
            status: .usage
        )
    }

    /// NAME is a variable that holds the engine's address, or that address itself, percent-encoded.
    private static func engine(_ name: String, _ environment: (String) -> String?) throws -> String {
        if name.contains("://") { return name }
        guard let address = environment(name), !address.isEmpty else {
            throw Failure(
                "the variable \(name) does not hold the address of a volume",
                hint: "set it, as in \(name)=sqlite3:///srv/vol.db",
                status: .usage
            )
        }
        return address
    }

    private static func absolute(_ path: ByteString) throws -> ByteString {
        guard !path.isEmpty, !path.bytes.contains(0) else { throw unknown(path.description) }
        if path.bytes.first == UInt8(ascii: "/") { return path }
        return try Posix.readLink("/proc/self/cwd") + "/" + path
    }

    static func decoded(_ text: Substring, of address: String) throws -> ByteString {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), digits.first != "+" else {
                    throw Failure(
                        "'\(redactedAddress(address))' has a % that two hexadecimal digits do not follow",
                        hint: "write %25 for the sign itself",
                        status: .usage
                    )
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "?"), UInt8(ascii: "#"):
                throw Failure(
                    "'\(redactedAddress(address))' has a ? or # in its path",
                    hint: "write %3F or %23 for the signs themselves",
                    status: .usage
                )
            default: bytes.append(byte)
            }
        }
        return ByteString(bytes)
    }

    private static func unknown(_ text: String) -> Failure {
        Failure(
            "sync cannot open '\(redactedAddress(text))' in this version",
            hint: """
                it knows local paths, file://PATH, jfs://NAME/PATH, s3://BUCKET/PREFIX and the like, \
                redis://HOST/DATABASE/PREFIX, postgres://HOST/DATABASE/PREFIX, sqlite3://FILE.db/PREFIX, \
                webdav://HOST/PREFIX, HOST:PATH
                """,
            status: .usage
        )
    }
}

extension String {
    /// The first place of a text in this one, without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// One side of a run, open.
struct SyncEndpoint {
    let side: SyncSide
    private let volume: Volume?
    private let session: WritingSession?

    /// - Parameters:
    ///   - isWritten: whether the run writes to or deletes from this side.
    ///   - isMade: whether it is made where it is missing; a source never is, or it would be an empty one.
    init(
        _ address: SyncAddress,
        isWritten: Bool,
        isMade: Bool = false,
        _ cancellation: Cancellation,
    ) throws {
        switch address.place {
        case .bucket(let bucket):
            let store = RetryingStore(try bucket.open(cancellation: cancellation))
            if isMade, bucket.isMadeByUse { try store.create() }
            side = SyncSide(store, prefix: bucket.prefix)
            volume = nil
            session = nil
        case .folder(let path):
            side = SyncSide(FileStore(root: path))
            volume = nil
            session = nil
        case .volume(let engine, let name, let path):
            let volume = try Wiring.volume(engine)
            let slices = try SliceStore(volume.settings, objects: try VolumeStore.open(volume.settings))
            let tree = try VolumeTree(volume, slices, address: "jfs://\(redactedAddress(name))/")
            let client = SessionInfo.ofCommand("sync")
            session = isWritten ? try WritingSession(opening: volume, slices: slices, info: client) : nil
            side = SyncSide(tree, prefix: path)
            self.volume = volume
        }
    }

    /// - Throws: the error after which nothing may be written any more.
    func check() throws {
        try session?.check()
    }

    /// Flushes what was used and takes the registration back.
    func close() throws {
        defer { volume?.engine.close() }
        try session?.close()
    }
}
