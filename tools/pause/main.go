// pause holds the namespaces of a pod: it does nothing, reaps what is left to it as the first process, and ends when told to.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const version = "v1.0.1"

func main() {
	// `kubeadm upgrade` runs `pause -v` as the Job by which it sees that pods start.
	if len(os.Args) > 1 && (os.Args[1] == "--version" || os.Args[1] == "-v") {
		fmt.Println("pause", version)
		return
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		// One signal may stand for several children.
		for {
			if child, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); child <= 0 || err != nil {
				break
			}
		}
	}
}
