package main

import "syscall"

// networkFileSystem returns the name of the file system that path is on if it is one of a network, where
// SQLite's write-ahead log doesn't work (https://sqlite.org/wal.html); else "". The numbers are those of
// statfs(2).
func networkFileSystem(path string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return ""
	}
	switch uint32(s.Type) {
	case 0x6969:
		return "NFS"
	case 0x517b, 0xff534d42, 0xfe534d42:
		return "SMB"
	case 0x01021997:
		return "9P"
	case 0x5346414f:
		return "AFS"
	case 0x00c36400:
		return "Ceph"
	}
	return ""
}
