package main

import (
	"context"
	"errors"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const (
	driverName    = "connectors-csi"
	driverVersion = "0.1.0"
)

// Driver is a CSI node driver whose volumes are files for the clients of connectors.
type Driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedNodeServer
	renderer *Renderer
	node     string
	// pods is the kubelet's directory of pods: nothing is written or removed elsewhere.
	pods string
}

// runDriver serves the kubelet. Environment: KUBELET (its directory, mounted under the same path), NODE_NAME, and
// MULTI_CONNECTOR for the vendor's flag enable-multi-connector.
func runDriver() error {
	kube, err := newKube()
	if err != nil {
		return err
	}
	authority, err := loadAuthority(context.Background(), kube)
	if err != nil {
		return err
	}
	kubelet := setting("KUBELET", "/var/lib/kubelet")
	driver := &Driver{
		renderer: &Renderer{kube: kube, authority: authority, several: setting("MULTI_CONNECTOR", "false") == "true"},
		node:     setting("NODE_NAME", ""),
		pods:     filepath.Join(kubelet, "pods") + "/",
	}
	socket := filepath.Join(kubelet, "plugins", driverName, "csi.sock")
	plugin := grpc.NewServer(grpc.UnaryInterceptor(logged))
	csi.RegisterIdentityServer(plugin, driver)
	csi.RegisterNodeServer(plugin, driver)
	registrar := grpc.NewServer()
	registration.RegisterRegistrationServer(registrar, &Registrar{socket: socket})

	failed := make(chan error, 2)
	if err := serveSocket(plugin, socket, failed); err != nil {
		return err
	}
	// The kubelet calls as soon as this socket is there, so the other one is first.
	registrationSocket := filepath.Join(kubelet, "plugins_registry", driverName+"-reg.sock")
	if err := serveSocket(registrar, registrationSocket, failed); err != nil {
		return err
	}
	whenEnded(func() {
		for _, path := range []string{registrationSocket, socket} {
			_ = os.Remove(path)
		}
	})
	return <-failed
}

func serveSocket(server *grpc.Server, path string, failed chan<- error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() { failed <- server.Serve(listener) }()
	return nil
}

func logged(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	answer, err := next(ctx, in)
	if err != nil {
		log.Printf("%s: %s", info.FullMethod, err)
	}
	return answer, err
}

// Registrar introduces the driver to the kubelet.
type Registrar struct {
	registration.UnimplementedRegistrationServer
	socket string
}

// GetInfo says what is registered.
func (r *Registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: driverName, Endpoint: r.socket, SupportedVersions: []string{"1.0.0"},
	}, nil
}

// NotifyRegistrationStatus ends the program when the kubelet does not want it; a new pod tries again.
func (r *Registrar) NotifyRegistrationStatus(
	_ context.Context, result *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if !result.PluginRegistered {
		log.Fatalf("the kubelet does not register the driver: %s", result.Error)
	}
	log.Print("the kubelet has registered the driver")
	return &registration.RegistrationStatusResponse{}, nil
}

// GetPluginInfo names the driver.
func (d *Driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: driverName, VendorVersion: driverVersion}, nil
}

// GetPluginCapabilities has none: there is no controller.
func (d *Driver) GetPluginCapabilities(
	context.Context, *csi.GetPluginCapabilitiesRequest,
) (*csi.GetPluginCapabilitiesResponse, error) {
	return &csi.GetPluginCapabilitiesResponse{}, nil
}

// Probe says that it works.
func (d *Driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

// NodeGetInfo names the node.
func (d *Driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: d.node}, nil
}

// NodeGetCapabilities has none: nothing is staged or published again.
func (d *Driver) NodeGetCapabilities(
	context.Context, *csi.NodeGetCapabilitiesRequest,
) (*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

// NodePublishVolume writes the files into the directory that the kubelet mounts into the pod's containers.
func (d *Driver) NodePublishVolume(
	ctx context.Context, request *csi.NodePublishVolumeRequest,
) (*csi.NodePublishVolumeResponse, error) {
	target, err := d.target(request.GetTargetPath())
	if err != nil {
		return nil, err
	}
	if !request.GetReadonly() {
		return nil, status.Error(codes.InvalidArgument, "the volume must be readOnly")
	}
	files, err := d.renderer.render(ctx, request.GetVolumeContext())
	if err != nil {
		return nil, err
	}
	if err := writeFiles(target, files); err != nil {
		_ = os.RemoveAll(target)
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

// NodeUnpublishVolume removes them.
func (d *Driver) NodeUnpublishVolume(
	_ context.Context, request *csi.NodeUnpublishVolumeRequest,
) (*csi.NodeUnpublishVolumeResponse, error) {
	target, err := d.target(request.GetTargetPath())
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(target); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

func (d *Driver) target(path string) (string, error) {
	clean := filepath.Clean(path)
	if !strings.HasPrefix(clean, d.pods) {
		return "", status.Errorf(codes.InvalidArgument, "%q is not below %s", path, d.pods)
	}
	return clean, nil
}

func writeFiles(target string, files map[string]string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if name != filepath.Base(name) {
			return errors.New("failed to generate configuration: " + name + " is no name of a file")
		}
		path := filepath.Join(target, name)
		// A second call for the same volume replaces the files of the first.
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o444); err != nil {
			return err
		}
	}
	return nil
}
