#pragma once
// The template part of kube/informer.hpp.

#include <utility>

#include "kube/informer.hpp"

namespace bailiwick::kube {

template <class T>
bool Informer<T>::holdsLive(const api::Key& key, std::string_view uid) const {
  const Ptr object = store_.get(key);
  return object && object->meta.uid == uid && !object->meta.deleted;
}

template <class T>
void Informer<T>::setBegun() {
  staging_ = true;
  staged_.clear();
  if (budget_) budget_->begun();
}

template <class T>
void Informer<T>::setDiscarded() {
  staging_ = false;
  staged_ = {};
  if (budget_) budget_->discarded();
}

template <class T>
void Informer<T>::setComplete(std::string_view resourceVersion) {
  staging_ = false;
  if (budget_) budget_->complete();
  const auto before = store_.replace(std::exchange(staged_, {}));
  publishVersion(resourceVersion);
  publishSynced();
  for (const Ptr& after : store_.contents()) {
    const auto it = before.find(after);
    if (it == before.end()) {
      tell(nullptr, after);
    } else if (*it != after) {
      tell(*it, after);
    }
  }
  for (const Ptr& object : before) {
    if (!store_.contents().contains(object)) tell(object, nullptr);
  }
}

template <class T>
void Informer<T>::upserted(const ObjectRef& object) {
  const Ptr old = store_.find(KeyView{object.ns, object.name});
  const Ptr fresh = decoded(object, old);
  if (staging_) {
    if (fresh) Store<T>::putInto(staged_, fresh);
    return;
  }
  if (fresh && fresh != old) store_.put(fresh);
  publishVersion(object.resourceVersion);
  if (fresh && fresh != old) tell(old, fresh);
}

template <class T>
void Informer<T>::deleted(const ObjectRef& object) {
  const KeyView key{object.ns, object.name};
  if (budget_) budget_->drop(object.ns, object.name);
  readable(object);
  if (staging_) {
    Store<T>::eraseFrom(staged_, key);
    return;
  }
  const Ptr old = store_.find(key);
  store_.erase(key);
  publishVersion(object.resourceVersion);
  if (old) tell(old, nullptr);
}

template <class T>
typename Informer<T>::Ptr Informer<T>::decoded(const ObjectRef& object, const Ptr& old) {
  const bool admitted = admit(object);
  if (old && old->meta.resourceVersion == object.resourceVersion) return old;
  if (!admitted) {
    decodeFailed(object, Error{"its server shows more than may be kept of it"});
    return old;
  }
  try {
    auto result = decode_(object.object);
    // What has two names would be counted by one and kept under the other.
    if (result && !(result->meta.key.ns == object.ns && result->meta.key.name == object.name)) {
      result = tl::unexpected(Error{"metadata: its name is there twice"});
    }
    if (result) {
      readable(object);
      return std::make_shared<const T>(*std::move(result));
    }
    decodeFailed(object, result.error());
  } catch (const std::exception& error) {
    decodeFailed(object, Error{error.what()});
  }
  return old;
}

template <class T>
bool Informer<T>::admit(const ObjectRef& object) {
  return !budget_ ||
         budget_->keep(object.ns, object.name, weightOf(object.object));
}

template <class T>
void Informer<T>::tell(const Ptr& before, const Ptr& after) {
  for (const Handlers<T>& handler : handlers_) {
    if (!before) {
      if (handler.added) handler.added(after);
    } else if (!after) {
      if (handler.deleted) handler.deleted(before);
    } else if (handler.updated) {
      handler.updated(before, after);
    }
  }
}

}  // namespace bailiwick::kube
