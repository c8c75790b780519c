// SPDX-License-Identifier: Apache-2.0
// A directory gets its time after everything in it, and only when something in it was touched or it differed.
// Keys come in order, so the directories that are not finished yet are a stack as deep as the tree.

import ObjectStorage
import SluiceBase

/// The directories around the key that the plan is at.
struct OpenDirectories {
    private struct Level {
        var step: SyncStep
        var isTouched: Bool
    }

    private var stack: [Level] = []

    /// Goes into a directory; `isTouched` when it has to be finished in any case.
    mutating func enter(_ source: ObjectInfo, _ destination: ObjectInfo?, isTouched: Bool) {
        let step = SyncStep(.finishDirectory, source.key, source: source, destination: destination)
        stack.append(Level(step: step, isTouched: isTouched))
    }

    /// Leaves the directories that `key` does not lie in, all of them for nil.
    /// - Returns: the steps that finish them, the deepest first.
    mutating func leave(for key: ObjectKey?) -> [SyncStep] {
        var finished: [SyncStep] = []
        while let last = stack.last {
            if let key, key.hasPrefix(last.step.key) { break }
            if last.isTouched { finished.append(last.step) }
            stack.removeLast()
        }
        return finished
    }

    /// Something in the innermost directory changes.
    mutating func touch() {
        guard !stack.isEmpty else { return }
        stack[stack.count - 1].isTouched = true
    }
}
