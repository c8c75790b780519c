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
        let parts = text.bytes.split(
            separator: UInt8(ascii: "-"),
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
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
        var numbers: [Int] = []
        for field in fields {
            guard field.allSatisfy({ (0x30...0x39) ~= $0 }),
                let number = Int(String(decoding: field, as: UTF8.self))
            else { return nil }
            numbers.append(number)
        }
        let date = CalendarFields(
            year: Int64(numbers[0]),
            month: numbers[1],
            day: numbers[2],
            hour: numbers[3],
            minute: 0,
            second: 0
        )
        guard let time = Timestamp(date) else { return nil }
        self.init(containing: time)
    }

    package var name: ByteString {
        let date = Timestamp(seconds: seconds).calendarFields
        return ByteString(
            "\(Self.padded(Int(date.year), 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
                + "-\(Self.padded(date.hour, 2))"
        )
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
