// Command peer serves one resource from go-control-plane's LinearCache over ADS, for bench/fan-out.ts. It reads lines
// "set MARKER SIZE" and answers each with "set MARKER"; the end of its input ends it.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strings"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	runtime "github.com/envoyproxy/go-control-plane/envoy/service/runtime/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
)

// The same name and fields as in bench/support/fan-out-payload.ts.
const name = "fan-out"

func main() {
	linear := cache.NewLinearCache(resource.RuntimeType)
	ads := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(ads, server.NewServer(context.Background(), linear, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(ads.Serve(listener)) }()
	fmt.Printf("listening %s\n", listener.Addr())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := set(linear, lines.Text()); err != nil {
			log.Fatal(err)
		}
	}
}

func set(linear *cache.LinearCache, line string) error {
	var marker string
	var size int
	if _, err := fmt.Sscanf(line, "set %s %d", &marker, &size); err != nil {
		return fmt.Errorf("%q: %w", line, err)
	}
	payload := marker + strings.Repeat("x", size-len(marker))
	layer := &structpb.Struct{Fields: map[string]*structpb.Value{"payload": structpb.NewStringValue(payload)}}
	if err := linear.UpdateResource(name, &runtime.Runtime{Name: name, Layer: layer}); err != nil {
		return err
	}
	fmt.Printf("set %s\n", marker)
	return nil
}
