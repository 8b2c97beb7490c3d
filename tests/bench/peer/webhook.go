package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// allowAll reads the object, as any validating webhook must, and allows it.
type allowAll struct{ decoder admission.Decoder }

func (h allowAll) Handle(_ context.Context, request admission.Request) admission.Response {
	var deployment ModelDeployment
	if err := h.decoder.Decode(request, &deployment); err != nil {
		return admission.Errored(400, err)
	}
	return admission.Allowed("")
}

// serveWebhook serves /validate on 127.0.0.1 with the certificate in folder, until it is told to end.
func serveWebhook(port int, folder string) error {
	scheme := runtime.NewScheme()
	addKinds(scheme)
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: folder})
	server.Register("/validate", &webhook.Admission{Handler: allowAll{admission.NewDecoder(scheme)}})
	fmt.Println("ready webhook")
	return server.Start(ctrl.SetupSignalHandler())
}
