// SPDX-License-Identifier: Apache-2.0
// The database connection of the C library and the translation of its result codes. Opened without mutexes
// (SQLITE_OPEN_NOMUTEX): one thread at a time.

import CSQLite
import Metadata

/// An open connection of the C library, closed when its last user is gone.
@safe final class SQLiteHandle {
    /// Opened by `init`, closed in deinit.
    let pointer: OpaquePointer
    let address: String
    /// The table that every volume has.
    private let settingTable: String
    /// Whether a transaction was begun and not ended.
    var expectsTransaction = false
    /// Whether SQLite rolled the running transaction back by itself (full disk, I/O error).
    ///
    /// Statements must not run then: they would be committed one by one.
    private(set) var isAborted = false

    init(file: String, flags: Int32, address: String, settingTable: String) throws(EngineError) {
        self.address = address
        self.settingTable = settingTable
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(
            file,
            &opened,
            flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
            nil
        )
        guard let pointer = unsafe opened else {
            throw EngineError(.failed, "open", address: address, reason: "out of memory")
        }
        unsafe self.pointer = unsafe pointer
        guard code == SQLITE_OK else { throw failure(code, "open") }
    }

    deinit {
        unsafe sqlite3_close_v2(pointer)
    }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(pointer) == 0 }

    var isReadOnly: Bool { unsafe sqlite3_db_readonly(pointer, "main") == 1 }

    /// The error that `code` stands for, with SQLite's own words.
    func failure(_ code: Int32, _ operation: String) -> EngineError {
        if expectsTransaction && !isInTransaction { isAborted = true }
        let message = unsafe String(cString: sqlite3_errmsg(pointer))
        return EngineError(Self.code(for: code), operation, address: address, reason: message)
    }

    /// The error of a statement that does not fit the tables: they are of another version, or no volume's.
    func schemaMismatch(_ operation: String) -> EngineError {
        var error = failure(SQLITE_ERROR, operation)
        let isVolume =
            unsafe sqlite3_table_column_metadata(pointer, "main", settingTable, nil, nil, nil, nil, nil, nil)
            == SQLITE_OK
        error.code = isVolume ? .incompatible : .notAVolume
        if isVolume {
            error.reason += ": the tables are of another version; a mount with JuiceFS 1.4 completes them"
        }
        return error
    }

    func endTransaction() {
        expectsTransaction = false
        isAborted = false
    }

    /// Which of our codes a result code belongs to; the low byte is the primary code.
    static func code(for result: Int32) -> EngineError.Code {
        switch result {
        case SQLiteResult.unique, SQLiteResult.primaryKey, SQLiteResult.rowID: return .exists
        default: break
        }
        return switch result & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_SCHEMA: .conflict
        case SQLITE_READONLY: .readOnly
        case SQLITE_FULL: .noSpace
        case SQLITE_PERM, SQLITE_AUTH: .denied
        case SQLITE_CORRUPT: .corrupt
        case SQLITE_NOTADB: .notAVolume
        case SQLITE_TOOBIG: .overflow
        default: .failed
        }
    }
}

/// Extended result codes, which are macros with arithmetic in C.
enum SQLiteResult {
    static let primaryKey = SQLITE_CONSTRAINT | 6 << 8
    static let unique = SQLITE_CONSTRAINT | 8 << 8
    static let rowID = SQLITE_CONSTRAINT | 10 << 8
}
