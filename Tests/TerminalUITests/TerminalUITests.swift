// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing
import TerminalUI

@Suite struct TableTests {
    @Test func `columns line up and nothing trails`() {
        var table = Table([.init("class"), .init("objects", .right), .init("why")])
        table.add(["valid", "12", "named by a chunk"])
        table.add(["leaked", "1"])
        #expect(
            table.lines == [
                "class   objects  why",
                "valid        12  named by a chunk",
                "leaked        1",
            ]
        )
    }

    @Test func `wide characters take two cells, marks none`() {
        #expect(CellWidth.of("ab") == 2)
        #expect(CellWidth.of("日本") == 4)
        #expect(CellWidth.of("e\u{301}") == 1)
        #expect(CellWidth.of("😀") == 2)
    }
}

@Suite struct ProgressLineTests {
    final class Screen: Sendable {
        let text = Mutex("")
    }

    @Test func `a line is redrawn after its interval and cleared`() {
        let screen = Screen()
        let line = ProgressLine(isEnabled: true, columns: 20) { text in screen.text.withLock { $0 += text } }
        let start = ContinuousClock.now
        line.update(at: start) { "one" }
        line.update(at: start + .milliseconds(10)) { "too soon" }
        line.update(at: start + .seconds(1)) { "a line longer than the screen" }
        line.clear()
        line.clear()
        #expect(screen.text.withLock { $0 } == "\r\u{1B}[Kone\r\u{1B}[Ka line longer than \r\u{1B}[K")
    }

    @Test func `without a terminal nothing is shown`() {
        let screen = Screen()
        let line = ProgressLine(isEnabled: false, columns: 80) { text in screen.text.withLock { $0 += text } }
        line.update { "hidden" }
        line.clear()
        #expect(screen.text.withLock { $0 }.isEmpty)
    }
}
