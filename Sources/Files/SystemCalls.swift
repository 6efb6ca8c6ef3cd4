import Foundation

// The system's calls for paths as texts (see PathText.swift). They have the names and results of the C functions and
// win over them wherever a path is a `String`, so that no caller can forget the conversion.

package func open(_ path: String, _ flags: Int32) -> Int32 { path.withPath { Foundation.open($0, flags) } }

package func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  path.withPath { Foundation.open($0, flags, mode) }
}

package func stat(_ path: String, _ status: UnsafeMutablePointer<Foundation.stat>) -> Int32 {
  path.withPath { stat($0, status) }
}

package func lstat(_ path: String, _ status: UnsafeMutablePointer<Foundation.stat>) -> Int32 {
  path.withPath { Foundation.lstat($0, status) }
}

package func access(_ path: String, _ mode: Int32) -> Int32 { path.withPath { Foundation.access($0, mode) } }

package func truncate(_ path: String, _ size: off_t) -> Int32 { path.withPath { Foundation.truncate($0, size) } }

@discardableResult package func unlink(_ path: String) -> Int32 { path.withPath { Foundation.unlink($0) } }

@discardableResult package func rmdir(_ path: String) -> Int32 { path.withPath { Foundation.rmdir($0) } }

package func mkdir(_ path: String, _ mode: mode_t) -> Int32 { path.withPath { Foundation.mkdir($0, mode) } }

@discardableResult package func rename(_ old: String, _ new: String) -> Int32 {
  old.withPath { old in new.withPath { Foundation.rename(old, $0) } }
}

package func opendir(_ path: String) -> OpaquePointer? { path.withPath { Foundation.opendir($0) } }
