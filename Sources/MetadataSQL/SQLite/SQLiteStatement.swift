// SPDX-License-Identifier: Apache-2.0
// A prepared statement. Bytes are read with the blob accessor whatever the storage class: JuiceFS appends
// slices with `||`, which leaves raw bytes with NULs under the class TEXT (metadata-format §3.1).

import CSQLite
import Metadata

/// A statement of the C library, finalized when dropped.
///
/// One thread at a time.
@safe final class SQLiteStatement: SQLStatement {
    private let database: SQLiteHandle
    private let operation: String
    /// Prepared by `init`; nil after `finish`.
    private var pointer: OpaquePointer?

    init(_ database: SQLiteHandle, _ text: String, operation: String) throws(EngineError) {
        self.database = database
        self.operation = operation
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            database.pointer,
            text,
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &prepared,
            nil
        )
        unsafe pointer = unsafe prepared
        guard code == SQLITE_OK else {
            // Our texts are right, so SQLITE_ERROR says that a table or column is missing.
            throw code == SQLITE_ERROR
                ? database.schemaMismatch(operation) : database.failure(code, operation)
        }
    }

    deinit {
        unsafe sqlite3_finalize(pointer)
    }

    // MARK: Parameters

    func bind(_ value: Int64, at parameter: Int) throws(EngineError) {
        try check(unsafe sqlite3_bind_int64(pointer, Int32(truncatingIfNeeded: parameter + 1), value))
    }

    func bind(bytes: [UInt8], at parameter: Int) throws(EngineError) {
        let place = Int32(truncatingIfNeeded: parameter + 1)
        // A nil pointer, which empty arrays may have, would bind NULL.
        guard !bytes.isEmpty else { return try check(unsafe sqlite3_bind_zeroblob(pointer, place, 0)) }
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe sqlite3_bind_blob64(pointer, place, buffer.baseAddress, UInt64(buffer.count), Self.copied)
        }
        try check(code)
    }

    func bind(text: [UInt8], at parameter: Int) throws(EngineError) {
        let place = Int32(truncatingIfNeeded: parameter + 1)
        guard !text.isEmpty else {
            return try check(unsafe sqlite3_bind_text(pointer, place, "", 0, Self.copied))
        }
        let code = unsafe text.withUnsafeBytes { buffer in
            unsafe sqlite3_bind_text64(
                pointer,
                place,
                buffer.bindMemory(to: CChar.self).baseAddress,
                UInt64(buffer.count),
                Self.copied,
                UInt8(SQLITE_UTF8)
            )
        }
        try check(code)
    }

    /// As JSON, which SQLite takes for a list.
    func bind(list: [Int64], at parameter: Int) throws(EngineError) {
        let text = "[" + list.map(String.init).joined(separator: ",") + "]"
        try bind(text: Array(text.utf8), at: parameter)
    }

    /// SQLITE_TRANSIENT: the library takes a copy before the call returns.
    private static var copied: sqlite3_destructor_type {
        unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }

    private func check(_ code: Int32) throws(EngineError) {
        guard code == SQLITE_OK else { throw database.failure(code, operation) }
    }

    // MARK: Rows

    func step() throws(EngineError) -> Bool {
        guard !database.isAborted, unsafe pointer != nil else {
            throw EngineError(
                .failed,
                operation,
                address: database.address,
                reason: "the transaction is over"
            )
        }
        let code = unsafe sqlite3_step(pointer)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else {
            let error = database.failure(code, operation)
            if code == SQLITE_ERROR { try checkTables() }
            throw error
        }
        return false
    }

    /// Finds out whether the tables have changed under a prepared statement: then it cannot be prepared
    /// again.
    private func checkTables() throws(EngineError) {
        guard let text = unsafe sqlite3_sql(pointer) else { return }
        _ = try SQLiteStatement(database, unsafe String(cString: text), operation: operation)
    }

    var changes: Int { unsafe Int(sqlite3_changes(database.pointer)) }

    func reset() {
        unsafe sqlite3_reset(pointer)
    }

    func finish() {
        unsafe sqlite3_finalize(pointer)
        unsafe pointer = nil
    }

    func integer(_ column: Int) throws(RowDamage) -> Int64? {
        let place = Int32(truncatingIfNeeded: column)
        // One look-up of the column instead of two. The value is safe to use: nobody shares the connection.
        let value = unsafe sqlite3_column_value(pointer, place)
        let type = unsafe sqlite3_value_type(value)
        if type == SQLITE_INTEGER { return unsafe sqlite3_value_int64(value) }
        guard type == SQLITE_NULL else {
            throw RowDamage(reason: "\(name(column)) holds \(Self.word(for: type)), not an integer")
        }
        return nil
    }

    func bytes(_ column: Int) throws(RowDamage) -> [UInt8]? {
        let place = Int32(truncatingIfNeeded: column)
        let type = unsafe sqlite3_column_type(pointer, place)
        guard type == SQLITE_BLOB || type == SQLITE_TEXT else {
            if type == SQLITE_NULL { return nil }
            throw RowDamage(reason: "\(name(column)) holds \(Self.word(for: type)), not bytes")
        }
        // The pointer is the library's until the next step; the length counts only after it was asked for.
        guard let start = unsafe sqlite3_column_blob(pointer, place) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(pointer, place))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func isText(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(pointer, Int32(truncatingIfNeeded: column)) == SQLITE3_TEXT
    }

    func name(_ column: Int) -> String {
        guard let name = unsafe sqlite3_column_name(pointer, Int32(truncatingIfNeeded: column)) else {
            return "column \(column)"
        }
        return unsafe String(cString: name)
    }

    private static func word(for type: Int32) -> String {
        switch type {
        case SQLITE_FLOAT: "a floating-point number"
        case SQLITE3_TEXT: "text"
        case SQLITE_BLOB: "bytes"
        default: "a number"
        }
    }
}
