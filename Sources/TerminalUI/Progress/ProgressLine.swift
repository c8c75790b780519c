// SPDX-License-Identifier: Apache-2.0
// One line at the bottom of a terminal that is rewritten in place. Where there is no terminal nothing is
// shown: the summary at the end says what happened. Text goes through a closure, so that only the presenter
// writes.

import Synchronization

/// A status line that replaces itself.
///
/// Thread-safe; the sink is called under the lock, so lines never mix.
package final class ProgressLine: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var isVisible = false
    }

    private let state = Mutex(State())
    private let isEnabled: Bool
    private let columns: Int
    private let interval: Duration
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - columns: width of the terminal; longer lines are cut.
    ///   - interval: least time between two redraws.
    package init(
        isEnabled: Bool,
        columns: Int,
        interval: Duration = .milliseconds(200),
        write: @escaping @Sendable (String) -> Void,
    ) {
        self.isEnabled = isEnabled
        self.columns = max(columns, 20)
        self.interval = interval
        self.write = write
    }

    /// Shows a line unless one was shown a moment ago; the text is made only when it is shown.
    package func update(at now: ContinuousClock.Instant = .now, _ text: () -> String) {
        guard isEnabled else { return }
        state.withLock { state in
            if let last = state.lastShown, last.duration(to: now) < interval { return }
            state.lastShown = now
            state.isVisible = true
            write("\r\u{1B}[K" + cut(text()))
        }
    }

    /// Removes the line before other output.
    package func clear() {
        guard isEnabled else { return }
        state.withLock { state in
            guard state.isVisible else { return }
            state.isVisible = false
            state.lastShown = nil
            write("\r\u{1B}[K")
        }
    }

    private func cut(_ text: String) -> String {
        var shown = ""
        var width = 0
        for character in text {
            width += CellWidth.of(String(character))
            guard width < columns else { break }
            shown.append(character)
        }
        return shown
    }
}
