// SPDX-License-Identifier: Apache-2.0
// How trash directories and their entries are called (metadata-format §5.7, JuiceFS 1.4.2).

package import SluiceBase

/// The name of an entry in an hourly trash directory: `<old parent>-<inode>-<old name>`, cut to 255 bytes.
package struct TrashEntryName: Hashable, Sendable {
    package var parent: Inode
    package var inode: Inode
    /// May have lost its end.
    package var name: ByteString

    package init(parent: Inode, inode: Inode, name: ByteString) {
        self.parent = parent
        self.inode = inode
        self.name = name
    }

    /// Splits at the first two dashes; nil when the text has not this form.
    package init?(parsing text: ByteString) {
        let parts = text.bytes.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3,
            let parent = UInt64(String(decoding: parts[0], as: UTF8.self)),
            let inode = UInt64(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        self.init(parent: Inode(parent), inode: Inode(inode), name: ByteString(parts[2]))
    }

    package var encoded: ByteString {
        ByteString(Array((ByteString("\(parent)-\(inode)-") + name).bytes.prefix(FileName.maximumLength)))
    }
}

/// The name of an hourly trash directory: UTC `YYYY-MM-DD-HH`.
package struct TrashHour: Hashable, Comparable, Sendable {
    /// Start of the hour, seconds since the epoch.
    package let seconds: Int64

    /// The hour in which `time` lies.
    package init(containing time: Timestamp) {
        let hour = time.seconds / 3600 - (time.seconds % 3600 < 0 ? 1 : 0)
        // Held to the years 0 ... 9999, which the four digits of the name can say.
        seconds = min(max(hour, -17_268_672), 70_389_527) * 3600
    }

    package static func < (left: TrashHour, right: TrashHour) -> Bool {
        left.seconds < right.seconds
    }

    /// Reads a directory name; nil when it is not a date and hour written this way.
    package init?(parsing name: ByteString) {
        let fields = name.bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard fields.count == 4, fields.map(\.count) == [4, 2, 2, 2] else { return nil }
        var numbers: [Int64] = []
        for field in fields {
            guard field.allSatisfy({ (0x30...0x39) ~= $0 }), let number = Int64(String(decoding: field, as: UTF8.self))
            else { return nil }
            numbers.append(number)
        }
        guard (1...12) ~= numbers[1], (1...31) ~= numbers[2], numbers[3] < 24 else { return nil }
        let days = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).daysSinceEpoch
        self.init(containing: Timestamp(seconds: days * 86400 + numbers[3] * 3600))
        guard self.name == name else { return nil }
    }

    package var name: ByteString {
        let day = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0)
        let date = CivilDate(daysSinceEpoch: day)
        let hour = (seconds - day * 86400) / 3600
        return ByteString(
            "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
                + "-\(Self.padded(hour, 2))")
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A day of the Gregorian calendar.
private struct CivilDate {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Years start in March here, so that the leap day is the last of its year; eras have 400 years.
    init(daysSinceEpoch: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
