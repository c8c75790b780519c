// SPDX-License-Identifier: Apache-2.0
// Values in PostgreSQL's binary format, as parameters and as columns. Integers are sent as 64-bit numbers
// whatever the column: the server converts them, and refuses those that do not fit.

import CLibpq
import Metadata
import SluiceBase

/// Numbers that PostgreSQL gives its types.
enum PostgresType {
    static let bytes: UInt32 = 17
    static let int64: UInt32 = 20
    static let int16: UInt32 = 21
    static let int32: UInt32 = 23
    static let text: UInt32 = 25
    static let int64List: UInt32 = 1016
    static let varchar: UInt32 = 1043
}

/// A parameter.
enum PostgresValue: Hashable {
    case number(Int64)
    case bytes([UInt8])
    case text([UInt8])
    case list([Int64])

    var type: UInt32 {
        switch self {
        case .number: PostgresType.int64
        case .bytes: PostgresType.bytes
        case .text: PostgresType.text
        case .list: PostgresType.int64List
        }
    }

    private func append(to buffer: inout ByteWriter) {
        switch self {
        case .number(let number): buffer.write(number)
        case .bytes(let bytes), .text(let bytes): buffer.write(bytes)
        case .list(let numbers):
            // Dimensions, whether there are NULLs, the elements' type; then length and lower bound.
            buffer.write(Int32(numbers.isEmpty ? 0 : 1))
            buffer.write(Int32(0))
            buffer.write(PostgresType.int64)
            guard !numbers.isEmpty else { return }
            buffer.write(Int32(clamping: numbers.count))
            buffer.write(Int32(1))
            for number in numbers {
                buffer.write(Int32(8))
                buffer.write(number)
            }
        }
    }

    /// Parameters as the C library takes them, valid inside `withParameters`.
    @unsafe struct List {
        let count: Int32
        let types: UnsafePointer<Oid>?
        let values: UnsafePointer<UnsafePointer<CChar>?>?
        let lengths: UnsafePointer<Int32>?
        let formats: UnsafePointer<Int32>?
    }

    static func withParameters<Result>(_ parameters: [PostgresValue], _ body: (List) -> Result) -> Result {
        var buffer = ByteWriter()
        var lengths: [Int32] = []
        var offsets: [Int] = []
        for parameter in parameters {
            offsets.append(buffer.bytes.count)
            parameter.append(to: &buffer)
            lengths.append(Int32(clamping: buffer.bytes.count - (offsets.last ?? 0)))
        }
        // So that empty values have an address too: a null pointer would mean NULL.
        buffer.write([0])
        let formats = [Int32](repeating: 1, count: parameters.count)
        let types = parameters.map(\.type)
        return unsafe buffer.bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.bindMemory(to: CChar.self).baseAddress
            let values: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
                unsafe start.map { unsafe $0 + offset }
            }
            return unsafe types.withUnsafeBufferPointer { types in
                unsafe values.withUnsafeBufferPointer { values in
                    unsafe lengths.withUnsafeBufferPointer { lengths in
                        unsafe formats.withUnsafeBufferPointer { formats in
                            unsafe body(
                                List(
                                    count: Int32(clamping: parameters.count),
                                    types: types.baseAddress,
                                    values: values.baseAddress,
                                    lengths: lengths.baseAddress,
                                    formats: formats.baseAddress
                                )
                            )
                        }
                    }
                }
            }
        }
    }
}

/// The answer to one command, freed when dropped.
@safe final class PostgresResult {
    /// Owned; its memory holds all rows.
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe PQclear(pointer)
    }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }

    /// The five characters that say what was refused; empty when the C library itself failed.
    var state: String { field(Int32(UInt8(ascii: "C"))) }

    /// The server's words.
    var message: String { field(Int32(UInt8(ascii: "M"))) }

    private func field(_ code: Int32) -> String {
        guard let text = unsafe PQresultErrorField(pointer, code) else { return "" }
        return unsafe String(cString: text)
    }

    /// What the command was: `COMMIT`, `UPDATE 1`.
    var tag: String { unsafe String(cString: PQcmdStatus(pointer)) }

    /// Rows inserted, changed or removed.
    var changes: Int { Int(unsafe String(cString: PQcmdTuples(pointer))) ?? 0 }

    var rowCount: Int { unsafe Int(PQntuples(pointer)) }

    /// Bytes that the rows take.
    var memory: Int { unsafe PQresultMemorySize(pointer) }

    func name(_ column: Int) -> String {
        guard let name = unsafe PQfname(pointer, Int32(truncatingIfNeeded: column)) else {
            return "column \(column)"
        }
        return unsafe String(cString: name)
    }

    func type(_ column: Int) -> UInt32 { unsafe PQftype(pointer, Int32(truncatingIfNeeded: column)) }

    /// The bytes of a column of a row, nil for NULL.
    func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        guard let cell = unsafe cell(row, column) else { return nil }
        return unsafe Array(cell)
    }

    /// The number in a column of a row, nil for NULL.
    @inline(__always)
    func integer<Number: FixedWidthInteger>(_ row: Int, _ column: Int, as _: Number.Type) -> Int64? {
        guard let cell = unsafe cell(row, column), cell.count == MemoryLayout<Number>.size else {
            return nil
        }
        let stored = unsafe cell.loadUnaligned(as: Number.self)
        return Int64(exactly: Number(bigEndian: stored))
    }

    /// The memory of a column, which is the result's; nil for NULL.
    @inline(__always)
    private func cell(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
        guard unsafe PQgetisnull(pointer, row, column) == 0 else { return nil }
        let count = unsafe Int(PQgetlength(pointer, row, column))
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: count)
    }
}
