// SPDX-License-Identifier: Apache-2.0
// Dates of HTTP headers: `Sun, 06 Nov 1994 08:49:37 GMT`, always UTC, always English.

package import SluiceBase

package enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Nil for any other text; the day of the week is not looked at.
    package static func parse(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT" || words[5] == "UTC",
            let day = number(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = number(words[3])
        else { return nil }
        let time = words[4].split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
        guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2] else {
            return nil
        }
        return Timestamp(
            CalendarFields(
                year: Int64(year),
                month: month + 1,
                day: day,
                hour: hour,
                minute: minute,
                second: second
            )
        )
    }

    private static func number(_ digits: Substring) -> Int? {
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }
}
