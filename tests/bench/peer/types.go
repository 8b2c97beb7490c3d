package main

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds of bailiwick.dev/v1alpha1 that are cached, as a Go operator would declare them.

var groupVersion = schema.GroupVersion{Group: "bailiwick.dev", Version: "v1alpha1"}

func addKinds(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(groupVersion,
		&ModelDeployment{}, &ModelDeploymentList{},
		&ModelPassport{}, &ModelPassportList{},
		&Region{}, &RegionList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
}

type SecretKeyRef struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Optional bool   `json:"optional,omitempty"`
}

type EnvVarSource struct {
	SecretKeyRef SecretKeyRef `json:"secretKeyRef"`
}

type EnvVar struct {
	Name      string        `json:"name"`
	Value     string        `json:"value,omitempty"`
	ValueFrom *EnvVarSource `json:"valueFrom,omitempty"`
}

type Engine struct {
	Name  string   `json:"name"`
	Image string   `json:"image,omitempty"`
	Args  []string `json:"args,omitempty"`
	Env   []EnvVar `json:"env,omitempty"`
}

type Accelerator struct {
	Vendor             string   `json:"vendor"`
	Products           []string `json:"products,omitempty"`
	PerReplica         int32    `json:"perReplica"`
	MinMemoryPerDevice string   `json:"minMemoryPerDevice,omitempty"`
	Nodes              int32    `json:"nodes,omitempty"`
}

type External struct {
	Provider     string `json:"provider"`
	BaseURL      string `json:"baseURL"`
	Jurisdiction string `json:"jurisdiction"`
	APIKeySecret string `json:"apiKeySecret,omitempty"`
}

type Variant struct {
	Name        string       `json:"name"`
	Passport    string       `json:"passport"`
	Artifact    string       `json:"artifact,omitempty"`
	Engine      *Engine      `json:"engine,omitempty"`
	Accelerator *Accelerator `json:"accelerator,omitempty"`
	External    *External    `json:"external,omitempty"`
	Capacity    string       `json:"capacity,omitempty"`
}

type RegionSelector struct {
	Names    []string `json:"names,omitempty"`
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels,omitempty"`
	} `json:"selector,omitempty"`
}

type Placement struct {
	Jurisdictions []string        `json:"jurisdictions"`
	DataResidency []string        `json:"dataResidency,omitempty"`
	Regions       *RegionSelector `json:"regions,omitempty"`
	Strategy      string          `json:"strategy,omitempty"`
	MinRegions    int32           `json:"minRegions,omitempty"`
	MaxPerRegion  *int32          `json:"maxPerRegion,omitempty"`
}

type Failover struct {
	SuspectAfter    string `json:"suspectAfter,omitempty"`
	LostAfter       string `json:"lostAfter,omitempty"`
	FailbackAfter   string `json:"failbackAfter,omitempty"`
	OnNoLegalTarget string `json:"onNoLegalTarget,omitempty"`
	OnIsolation     string `json:"onIsolation,omitempty"`
}

type Weight struct {
	Variant string `json:"variant"`
	Weight  int32  `json:"weight"`
}

type Shadow struct {
	Variant string `json:"variant"`
	Percent int32  `json:"percent"`
}

type Auth struct {
	APIKeysSecret string `json:"apiKeysSecret"`
}

type RouteLimits struct {
	MaxInFlight    int32  `json:"maxInFlight,omitempty"`
	MaxQueued      int32  `json:"maxQueued,omitempty"`
	QueueTimeout   string `json:"queueTimeout,omitempty"`
	RequestTimeout string `json:"requestTimeout,omitempty"`
	MaxBodySize    string `json:"maxBodySize,omitempty"`
}

type Routing struct {
	Mode    string       `json:"mode,omitempty"`
	Weights []Weight     `json:"weights,omitempty"`
	Shadow  *Shadow      `json:"shadow,omitempty"`
	Auth    *Auth        `json:"auth,omitempty"`
	Limits  *RouteLimits `json:"limits,omitempty"`
}

type Exit struct {
	Critical     bool   `json:"critical,omitempty"`
	DrillEvery   string `json:"drillEvery,omitempty"`
	DrainTimeout string `json:"drainTimeout,omitempty"`
}

type Resources struct {
	Requests map[string]string `json:"requests,omitempty"`
	Limits   map[string]string `json:"limits,omitempty"`
}

type Pod struct {
	Resources        *Resources        `json:"resources,omitempty"`
	Env              []EnvVar          `json:"env,omitempty"`
	Labels           map[string]string `json:"labels,omitempty"`
	Annotations      map[string]string `json:"annotations,omitempty"`
	ImagePullSecrets []struct {
		Name string `json:"name"`
	} `json:"imagePullSecrets,omitempty"`
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

type Rollout struct {
	MaxUnavailable   int32  `json:"maxUnavailable,omitempty"`
	ProgressDeadline string `json:"progressDeadline,omitempty"`
}

type ModelDeploymentSpec struct {
	ServedName string    `json:"servedName"`
	Replicas   int32     `json:"replicas"`
	Placement  Placement `json:"placement"`
	Variants   []Variant `json:"variants"`
	Failover   *Failover `json:"failover,omitempty"`
	Routing    *Routing  `json:"routing,omitempty"`
	Exit       *Exit     `json:"exit,omitempty"`
	Priority   int32     `json:"priority,omitempty"`
	Pod        *Pod      `json:"pod,omitempty"`
	Rollout    *Rollout  `json:"rollout,omitempty"`
	Paused     bool      `json:"paused,omitempty"`
}

type VariantCount struct {
	Variant  string `json:"variant"`
	Replicas int32  `json:"replicas"`
}

type VariantOffer struct {
	Variant  string   `json:"variant"`
	Replicas int32    `json:"replicas"`
	Pools    []string `json:"pools,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Message  string   `json:"message,omitempty"`
}

type RegionEntry struct {
	Name         string         `json:"name"`
	Self         bool           `json:"self,omitempty"`
	Health       string         `json:"health,omitempty"`
	SpecHash     string         `json:"specHash,omitempty"`
	PassportHash string         `json:"passportHash,omitempty"`
	HealthSince  *metav1.Time   `json:"healthSince,omitempty"`
	Sequence     int64          `json:"sequence,omitempty"`
	Allocator    int32          `json:"allocator,omitempty"`
	Offer        []VariantOffer `json:"offer,omitempty"`
	Share        []VariantCount `json:"share,omitempty"`
	Ready        []VariantCount `json:"ready,omitempty"`
}

type VariantStatus struct {
	Name     string   `json:"name"`
	Assigned int32    `json:"assigned,omitempty"`
	Ready    int32    `json:"ready,omitempty"`
	Pools    []string `json:"pools,omitempty"`
}

type Summary struct {
	Regions string `json:"regions,omitempty"`
	Variant string `json:"variant,omitempty"`
}

type Cost struct {
	PerHour  string `json:"perHour,omitempty"`
	Currency string `json:"currency,omitempty"`
}

type ModelDeploymentStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Replicas           int32              `json:"replicas,omitempty"`
	Selector           string             `json:"selector,omitempty"`
	Summary            *Summary           `json:"summary,omitempty"`
	Regions            []RegionEntry      `json:"regions,omitempty"`
	Variants           []VariantStatus    `json:"variants,omitempty"`
	Cost               *Cost              `json:"cost,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type ModelDeployment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              ModelDeploymentSpec   `json:"spec"`
	Status            ModelDeploymentStatus `json:"status,omitempty"`
}

type ModelDeploymentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ModelDeployment `json:"items"`
}

type Organisation struct {
	Name    string        `json:"name"`
	Country string        `json:"country"`
	Parent  *Organisation `json:"parent,omitempty"`
}

type Source struct {
	Type string `json:"type"`
	URI  string `json:"uri"`
}

type Signature struct {
	Type      string `json:"type"`
	PublicKey string `json:"publicKey"`
	URI       string `json:"uri,omitempty"`
}

type VerifiedOn struct {
	Vendor   string   `json:"vendor"`
	Products []string `json:"products,omitempty"`
}

type Artifact struct {
	Name       string       `json:"name"`
	Precision  string       `json:"precision,omitempty"`
	Source     Source       `json:"source"`
	SizeGiB    string       `json:"sizeGiB,omitempty"`
	Digest     string       `json:"digest,omitempty"`
	Signature  *Signature   `json:"signature,omitempty"`
	VerifiedOn []VerifiedOn `json:"verifiedOn,omitempty"`
}

type Endpoint struct {
	Provider         string   `json:"provider"`
	BaseURL          string   `json:"baseURL"`
	Jurisdiction     string   `json:"jurisdiction"`
	ResidencyClasses []string `json:"residencyClasses,omitempty"`
}

type Ancestor struct {
	Passport  string        `json:"passport,omitempty"`
	Family    string        `json:"family,omitempty"`
	Publisher *Organisation `json:"publisher,omitempty"`
}

type Evidence struct {
	Type      string       `json:"type"`
	Result    string       `json:"result"`
	Reference string       `json:"reference,omitempty"`
	Digest    string       `json:"digest,omitempty"`
	Issuer    string       `json:"issuer,omitempty"`
	IssuedAt  metav1.Time  `json:"issuedAt"`
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

type ModelPassportSpec struct {
	Publisher Organisation `json:"publisher"`
	Model     struct {
		Family            string `json:"family"`
		Name              string `json:"name"`
		Version           string `json:"version,omitempty"`
		ParametersBillion string `json:"parametersBillion,omitempty"`
		ContextTokens     int32  `json:"contextTokens,omitempty"`
	} `json:"model"`
	OriginCountry string `json:"originCountry"`
	Openness      string `json:"openness"`
	Licence       struct {
		ID           string   `json:"id"`
		Restrictions []string `json:"restrictions,omitempty"`
	} `json:"licence"`
	Artifacts   []Artifact `json:"artifacts,omitempty"`
	Endpoints   []Endpoint `json:"endpoints,omitempty"`
	DerivedFrom []Ancestor `json:"derivedFrom,omitempty"`
	Evidence    []Evidence `json:"evidence,omitempty"`
}

type ModelPassportStatus struct {
	NextExpiry *metav1.Time       `json:"nextExpiry,omitempty"`
	UsedBy     int32              `json:"usedBy,omitempty"`
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

type ModelPassport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              ModelPassportSpec   `json:"spec"`
	Status            ModelPassportStatus `json:"status,omitempty"`
}

type ModelPassportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ModelPassport `json:"items"`
}

type Price struct {
	Vendor        string `json:"vendor"`
	Product       string `json:"product,omitempty"`
	PerDeviceHour string `json:"perDeviceHour"`
	Currency      string `json:"currency"`
}

type RegionSpec struct {
	Provider         string          `json:"provider"`
	Location         string          `json:"location,omitempty"`
	Jurisdiction     string          `json:"jurisdiction"`
	ResidencyClasses []string        `json:"residencyClasses,omitempty"`
	Access           json.RawMessage `json:"access,omitempty"`
	Gateway          json.RawMessage `json:"gateway,omitempty"`
	Weights          *struct {
		StorageClass string `json:"storageClass,omitempty"`
	} `json:"weights,omitempty"`
	Egress *struct {
		Gateways      []string `json:"gateways,omitempty"`
		WeightSources []string `json:"weightSources,omitempty"`
		Providers     []string `json:"providers,omitempty"`
	} `json:"egress,omitempty"`
	Prices   []Price `json:"prices,omitempty"`
	Cordoned bool    `json:"cordoned,omitempty"`
}

type PoolStatus struct {
	Name                 string   `json:"name"`
	Vendor               string   `json:"vendor,omitempty"`
	Product              string   `json:"product,omitempty"`
	MemoryPerDevice      string   `json:"memoryPerDevice,omitempty"`
	Zone                 string   `json:"zone,omitempty"`
	Nodes                int32    `json:"nodes,omitempty"`
	NodesReady           int32    `json:"nodesReady,omitempty"`
	Devices              int32    `json:"devices,omitempty"`
	DevicesFree          int32    `json:"devicesFree,omitempty"`
	LargestFreeOnOneNode int32    `json:"largestFreeOnOneNode,omitempty"`
	ResidencyClasses     []string `json:"residencyClasses,omitempty"`
	Eligible             bool     `json:"eligible,omitempty"`
	Reason               string   `json:"reason,omitempty"`
}

type RegionStatus struct {
	Health        string             `json:"health,omitempty"`
	HealthSince   *metav1.Time       `json:"healthSince,omitempty"`
	LastHeartbeat *metav1.Time       `json:"lastHeartbeat,omitempty"`
	Pools         []PoolStatus       `json:"pools,omitempty"`
	ClusterUID    string             `json:"clusterUID,omitempty"`
	Conditions    []metav1.Condition `json:"conditions,omitempty"`
}

type Region struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              RegionSpec   `json:"spec"`
	Status            RegionStatus `json:"status,omitempty"`
}

type RegionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Region `json:"items"`
}

// Caches never copy what nobody reads, and this program reads nothing: a copy by way of JSON is as
// good as a generated one.
func copyOf[T any](in *T) *T {
	if in == nil {
		return nil
	}
	text, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	out := new(T)
	if err := json.Unmarshal(text, out); err != nil {
		panic(err)
	}
	return out
}

func (in *ModelDeployment) DeepCopyObject() runtime.Object     { return copyOf(in) }
func (in *ModelDeploymentList) DeepCopyObject() runtime.Object { return copyOf(in) }
func (in *ModelPassport) DeepCopyObject() runtime.Object       { return copyOf(in) }
func (in *ModelPassportList) DeepCopyObject() runtime.Object   { return copyOf(in) }
func (in *Region) DeepCopyObject() runtime.Object              { return copyOf(in) }
func (in *RegionList) DeepCopyObject() runtime.Object          { return copyOf(in) }
