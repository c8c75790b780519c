// SPDX-License-Identifier: Apache-2.0
// Calendar dates of timestamps, in the proleptic Gregorian calendar. The day arithmetic works in 400-year
// cycles that begin on 1 March, so that the leap day is the last of its year.

import Glibc

/// The UTC date and time of day of a timestamp.
package struct CalendarFields: Hashable, Sendable {
    package var year: Int64
    /// 1 ...
    ///
    /// 12.
    package var month: Int
    /// 1 ...
    ///
    /// 31.
    package var day: Int
    /// 0 ...
    ///
    /// 23.
    package var hour: Int
    /// 0 ...
    ///
    /// 59.
    package var minute: Int
    /// 0 ...
    ///
    /// 59.
    package var second: Int

    /// Takes the fields as they are; `Timestamp(_:nanoseconds:)` checks them.
    package init(year: Int64, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// The days of each month of a year.
    static func dayCount(month: Int, year: Int64) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Timestamp {
    /// The UTC date and time of day; nanoseconds stay in the timestamp.
    package var calendarFields: CalendarFields {
        let (days, secondOfDay) = flooredQuotient(seconds, by: 86400)
        // Day 0 of the cycle count is 0000-03-01, 719468 days before the epoch. No overflow: |days| < 2^47.
        let (cycle, dayOfCycle) = flooredQuotient(days + 719_468, by: 146_097)
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return CalendarFields(
            year: cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0),
            month: Int(month),
            day: Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1),
            hour: Int(secondOfDay / 3600),
            minute: Int(secondOfDay / 60 % 60),
            second: Int(secondOfDay % 60)
        )
    }

    /// The time of a UTC date; nil unless every field is in its range and the year in -9999 ...
    ///
    /// 9999.
    package init?(_ fields: CalendarFields, nanoseconds: UInt32 = 0) {
        guard (-9999...9999).contains(fields.year), (1...12).contains(fields.month),
            (1...CalendarFields.dayCount(month: fields.month, year: fields.year)).contains(fields.day),
            (0...23).contains(fields.hour), (0...59).contains(fields.minute),
            (0...59).contains(fields.second),
            nanoseconds < 1_000_000_000
        else { return nil }
        let (cycle, yearOfCycle) = flooredQuotient(fields.year - (fields.month <= 2 ? 1 : 0), by: 400)
        let monthFromMarch = Int64(fields.month > 2 ? fields.month - 3 : fields.month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(fields.day) - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        let days = cycle * 146_097 + dayOfCycle - 719_468
        let secondOfDay = Int64(fields.hour * 3600 + fields.minute * 60 + fields.second)
        self.init(seconds: days * 86400 + secondOfDay, nanoseconds: nanoseconds)
    }
}

/// Quotient rounded down and the remainder, which is never negative.
private func flooredQuotient(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

extension Timestamp {
    /// UTC in RFC 3339 with the nanoseconds that are not zero at the end, Go's RFC3339Nano:
    /// `2026-11-23T19:21:23.466761163Z`.
    package var rfc3339: String {
        let fields = calendarFields
        return "\(Self.date(fields))T\(Self.timeOfDay(fields))\(fraction(nanoseconds, width: 9))Z"
    }

    /// Reads RFC 3339 with `Z` or an offset and up to nine digits of a second's fraction (further ones are
    /// dropped).
    /// - Throws: `CodecError` for any other text and dates that do not exist.
    package init(rfc3339 text: String) throws(CodecError) {
        let bytes = Array(text.utf8)
        var reader = DateReader(bytes: bytes)
        let year = try reader.number(digits: 4)
        try reader.expect("-")
        let month = try reader.number(digits: 2)
        try reader.expect("-")
        let day = try reader.number(digits: 2)
        try reader.expect("Tt ")
        let hour = try reader.number(digits: 2)
        try reader.expect(":")
        let minute = try reader.number(digits: 2)
        try reader.expect(":")
        let second = try reader.number(digits: 2)
        let nanoseconds = try reader.fraction()
        let offsetSeconds = try reader.zone()
        let fields = CalendarFields(
            year: Int64(year),
            month: month,
            day: day,
            hour: hour,
            minute: minute,
            second: second
        )
        guard let local = Timestamp(fields, nanoseconds: nanoseconds) else {
            throw CodecError("time", "'\(terminalSafe(text))' does not exist in the calendar")
        }
        self = local.advanced(bySeconds: -offsetSeconds)
    }

    /// `YYYY-MM-DD HH:MM:SS` in the local time zone; UTC with `Z` for years that the C library cannot
    /// convert.
    package var localText: String {
        var time = time_t(seconds)
        var fields = unsafe tm()
        guard unsafe localtime_r(&time, &fields) != nil else { return rfc3339 }
        let date = unsafe CalendarFields(
            year: Int64(fields.tm_year) + 1900,
            month: Int(fields.tm_mon) + 1,
            day: Int(fields.tm_mday),
            hour: Int(fields.tm_hour),
            minute: Int(fields.tm_min),
            second: Int(fields.tm_sec)
        )
        return "\(Self.date(date)) \(Self.timeOfDay(date))"
    }

    private static func date(_ fields: CalendarFields) -> String {
        "\(zeroPadded(fields.year, width: 4))-\(zeroPadded(fields.month, width: 2))"
            + "-\(zeroPadded(fields.day, width: 2))"
    }

    private static func timeOfDay(_ fields: CalendarFields) -> String {
        [fields.hour, fields.minute, fields.second].map { zeroPadded($0, width: 2) }.joined(separator: ":")
    }
}

/// The fields of an RFC 3339 text from left to right.
private struct DateReader {
    let bytes: [UInt8]
    var offset = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func digit() -> Int? {
        guard offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) else {
            return nil
        }
        defer { offset += 1 }
        return Int(bytes[offset] - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) throws(CodecError) -> Int {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else {
                throw CodecError("time", at: offset, "a digit should stand here")
            }
            value = value * 10 + digit
        }
        return value
    }

    /// Takes one of the given ASCII characters.
    mutating func expect(_ characters: StaticString) throws(CodecError) {
        guard offset < bytes.count, characters.description.utf8.contains(bytes[offset]) else {
            throw CodecError("time", at: offset, "'\(characters)' should stand here")
        }
        offset += 1
    }

    /// Nanoseconds, 0 when there is no fraction.
    mutating func fraction() throws(CodecError) -> UInt32 {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: ".") else { return 0 }
        offset += 1
        var nanoseconds: UInt32 = 0
        var weight: UInt32 = 100_000_000
        let start = offset
        while let digit = digit() {
            nanoseconds += UInt32(digit) * weight
            weight /= 10
        }
        guard offset > start else { throw CodecError("time", at: offset, "a digit should stand here") }
        return nanoseconds
    }

    /// Seconds east of UTC; nothing may follow.
    mutating func zone() throws(CodecError) -> Int64 {
        var seconds = 0
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "Z") || bytes[offset] == UInt8(ascii: "z") {
            offset += 1
        } else {
            try expect("+-")
            let isWest = bytes[offset - 1] == UInt8(ascii: "-")
            let hours = try number(digits: 2)
            try expect(":")
            let minutes = try number(digits: 2)
            guard hours < 24, minutes < 60 else {
                throw CodecError("time", at: offset, "no such time zone offset")
            }
            seconds = (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
        }
        guard offset == bytes.count else { throw CodecError("time", at: offset, "text after the time") }
        return Int64(seconds)
    }
}
