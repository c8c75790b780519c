// SPDX-License-Identifier: Apache-2.0

import Metadata

/// The five characters with which PostgreSQL names an error.
enum SQLState {
    static let divisionByZero = "22012"
    static let invalidParameter = "22023"
    static let invalidPassword = "28P01"

    /// Whether a table or a column is missing.
    static func isAboutTables(_ state: String) -> Bool {
        state == "42P01" || state == "42703"
    }

    /// Which of our codes a refusal belongs to; the first two characters are its class.
    static func code(for state: String) -> EngineError.Code {
        switch state {
        // Serialization, deadlock, a lock that was not to be had; a table that another client is just making;
        // a prepared statement whose table changed.
        case "40001", "40P01", "55P03", "42P07", "0A000", "26000": return .conflict
        case "23505": return .exists
        case "22003", "22001": return .overflow
        // Text in another encoding.
        case "22021", "22P05": return .unstorable
        case "25006": return .readOnly
        case "53100": return .noSpace
        case "42501": return .denied
        case "3D000", "3F000": return .missing
        // Too many connections; the server goes down, or has crashed.
        case "53300", "57P01", "57P02": return .unreachable
        case "57P03": return .starting
        default: break
        }
        return switch state.prefix(2) {
        case "08": .unreachable
        case "28": .denied
        case "XX": state == "XX000" ? .failed : .corrupt
        default: .failed
        }
    }
}
