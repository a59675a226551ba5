// The emulator of Alauda's OCI Connector: its proxy and its CSI driver. test/stand-ins/connector/README.md says what it imitates.
package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	mode := ""
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	var err error
	switch mode {
	case "proxy":
		err = runProxy()
	case "csi":
		err = runDriver()
	default:
		err = fmt.Errorf("usage: connector proxy | csi")
	}
	if err != nil {
		log.Fatal(err)
	}
}

// whenEnded calls something when the pod ends, and ends the program. As the first process of a container it would not hear
// of it otherwise.
func whenEnded(last func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		last()
		os.Exit(0)
	}()
}

// setting is a variable of the environment, or what it is without.
func setting(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}
