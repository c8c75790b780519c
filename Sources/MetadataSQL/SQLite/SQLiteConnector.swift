// SPDX-License-Identifier: Apache-2.0
// Opens one SQLite file. Never makes one unless asked to. A file in WAL mode needs its side files even for
// reading; where they cannot be made (no write access) it is read as immutable, but only while no WAL with
// content exists.

import CSQLite
import Glibc
package import Metadata

/// Opens the metadata of a volume in an SQLite file.
///
/// Nothing is created: `createSchema` makes the file, and only when `creating` is true.
/// - Parameter durable: a commit that was reported survives a power cut, unless the address says otherwise.
/// - Throws: `EngineError.missing` when there is no file and `creating` is false, `.invalidAddress`,
///   `.notAVolume` when the file is not a database, `.denied`.
package func openSQLite(
    address: String,
    creating: Bool = false,
    durable: Bool = false,
) throws(EngineError) -> SQLEngine {
    var address = try SQLiteAddress(address)
    if durable { address.options.synchronous = address.options.synchronous ?? .full }
    return try openSQLite(address, creating: creating)
}

/// Opens a parsed address.
/// - Parameter maximumTries: how often a write transaction runs before it counts as failed.
func openSQLite(
    _ address: SQLiteAddress,
    creating: Bool = false,
    maximumTries: Int = 50,
) throws(EngineError) -> SQLEngine {
    let connector = SQLiteConnector(address: address, mayCreate: creating)
    // The first connection tells early what is wrong, before any lock is taken or plan is made.
    if try connector.databaseExists() {
        try connector.connect(creating: false).close()
    }
    return SQLEngine(
        address: address.text,
        dialect: .sqlite,
        prefix: address.options.tablePrefix,
        pool: ConnectionPool(connector, address.options.pool),
        maximumTries: maximumTries
    )
}

/// Opens connections to one file.
struct SQLiteConnector: Connector {
    let address: SQLiteAddress
    let mayCreate: Bool

    func databaseExists() throws(EngineError) -> Bool {
        do {
            try checkFile()
            return true
        } catch {
            guard error.code == .missing, mayCreate else { throw error }
            return false
        }
    }

    func connect(creating: Bool) throws(EngineError) -> any SQLConnection {
        let options = address.options
        guard try databaseExists() || (creating && !options.isReadOnly) else {
            throw failure(.missing)
        }
        let create = creating && mayCreate ? SQLITE_OPEN_CREATE : 0
        let flags = options.isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | create
        do {
            return try open(address.path, flags)
        } catch {
            // CANTOPEN counts as failed; a locked or foreign file has another code.
            guard error.code == .failed || error.code == .readOnly, !creating else { throw error }
            return try openWithoutSideFiles(after: error)
        }
    }

    private func open(
        _ file: String,
        _ flags: Int32,
        admission: @escaping @Sendable () throws(EngineError) -> Void = { () throws(EngineError) in },
    ) throws(EngineError) -> SQLiteConnection {
        let handle = try SQLiteHandle(
            file: file,
            flags: flags,
            address: address.text,
            settingTable: address.options.tablePrefix + "setting"
        )
        return try SQLiteConnection(handle, address.options, admission: admission)
    }

    /// Reads a file whose side files cannot be made.
    private func openWithoutSideFiles(after error: EngineError) throws(EngineError) -> SQLiteConnection {
        if let connection = try? open(address.path, SQLITE_OPEN_READONLY) { return connection }
        guard unsafe access(address.path, R_OK) == 0 else { throw failure(.denied) }
        try checkWriteAheadLog()
        let uri = "file:\(Self.escaped(address.path))?immutable=1"
        do {
            return try open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, admission: checkWriteAheadLog)
        } catch let second {
            throw second.code == .notAVolume ? second : error
        }
    }

    /// Refuses to read past changes that only the write-ahead log has.
    private func checkWriteAheadLog() throws(EngineError) {
        var info = stat()
        guard unsafe stat(address.path + "-wal", &info) == 0, info.st_size > 0 else { return }
        throw failure(
            .busy,
            "another client writes, and without write access to the folder its changes cannot be read"
        )
    }

    private func checkFile() throws(EngineError) {
        var info = stat()
        guard unsafe stat(address.path, &info) == 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw failure(.missing)
            case EACCES: throw failure(.denied)
            default: throw failure(.failed, unsafe String(cString: strerror(errno)))
            }
        }
        guard info.st_mode & S_IFMT == S_IFREG else { throw failure(.notAVolume, "it is not a regular file") }
    }

    private func failure(_ code: EngineError.Code, _ reason: String = "") -> EngineError {
        EngineError(code, "open", address: address.text, reason: reason)
    }

    /// The path as it stands in a URI.
    static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return path.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
                UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
